import Foundation
import PersistencyCore
import Synchronization

extension ConformanceCheck {
  private static let unlessPersistent: @Sendable (BackendFixture) -> String? = {
    $0.capabilities.persistent ? nil : "not persistent: no file, and nothing outlives close"
  }

  /// Also for those whose files are on another machine.
  private static let unlessFiles: @Sendable (BackendFixture) -> String? = { fixture in
    fixture.capabilities.remote ? "remote: it has no file here" : unlessPersistent(fixture)
  }

  /// K: opening, and opening again.
  static let opening: [ConformanceCheck] = [
    ConformanceCheck("opening.new-is-empty", "A new store is empty by every read", paragraph: "4.2") { check in
      let store = try check.open()
      try check.expectStore(store, [])
      try check.expectEqual(try store.categories(), [], "the categories")
      try check.expectEqual(try store.countRange(category: "", range: .all), 0, "the count")
    },
    ConformanceCheck(
      "opening.after-close", "A store opens again after close, and takes writes", paragraph: "4.11", tier: .persistent
    ) { check in
      var store = try check.open([.set("a", "1")])
      for round in 0..<5 {
        store = try check.reopen(store)
        try store.applyOps([.set("a", "\(round)")])
        try check.expectEqual(try store.text("a"), "\(round)", "the row")
      }
    },
    ConformanceCheck(
      "opening.closed-handle-stays-closed", "A closed store stays closed when its files are opened again",
      paragraph: "4.11", tier: .persistent
    ) { check in
      let old = try check.open([.set("a", "1")])
      let new = try check.reopen(old)
      try new.applyOps([.set("a", "2")])
      try check.expectError(.closed) { _ = try old.text("a") }
      try check.expectError(.closed) { try old.applyOps([.set("a", "3")]) }
      old.close()
      try check.expectStore(new, ["a=2"], "the store opened anew, after the old one was closed once more")
    },
    ConformanceCheck(
      "opening.sees-all", "Reopening shows every row, of every category, as it was", paragraph: "4.11",
      tier: .persistent, unless: unlessPersistent
    ) { check in
      let ops: [TxOp] = [
        .set("", "empty key"), .set("a", ""), .set("a\0", "nul"), .set("é", "composed"), .set("e\u{301}", "decomposed"),
        .set("k", "1", in: ""), .set("k", "2", in: "\0"), .set("k", "3", in: "cc"), .set("gone", "x"), .remove("gone"),
        .set("r1", "x"), .set("r2", "x"), .clear("r", "s"),
        .put(category: "bytes", key: Key(rawBytes: [0xFF, 0, 0xFE]), payload: [0, 0xFF, 0x80]),
        .put(category: "bytes", key: Key(rawBytes: [0xFF]), payload: [UInt8](repeating: 0, count: 70_000)),
      ]
      var store = try check.open(ops)
      let rows = try store.everything()
      try check.expectEqual(rows.count, 10, "the rows before")
      for _ in 0..<3 {
        store = try check.reopen(store)
        try check.expectStore(store, rows, "the reopened store")
      }
      try check.expectEqual(
        try store.getOne(category: "bytes", key: Key(rawBytes: [0xFF, 0, 0xFE])), [0, 0xFF, 0x80], "the payload")
    },
    ConformanceCheck(
      "opening.sees-nothing", "A store that is not persistent is empty at each open", paragraph: "capabilities",
      tier: .persistent, unless: { $0.capabilities.persistent ? "persistent: it keeps its rows" : nil }
    ) { check in
      var store = try check.open([.set("a", "1")])
      for _ in 0..<3 {
        store = try check.reopen(store)
        try check.expectStore(store, [], "the reopened store")
        try store.applyOps([.set("a", "1")])
      }
    },
    ConformanceCheck(
      "opening.writes-no-file", "A store that is not persistent leaves its directory empty", paragraph: "capabilities",
      unless: { $0.capabilities.persistent ? "persistent: it has files" : nil }
    ) { check in
      let store = try check.open((0..<1_000).map { .set(numbered($0), "1") })
      try check.expectEqual(try check.names(in: check.directory), [], "the files of the open store")
      store.close()
      try check.expectEqual(try check.names(in: check.directory), [], "the files of the closed store")
    },
    ConformanceCheck(
      "opening.two-that-are-not-persistent", "Two open stores that are not persistent share nothing",
      paragraph: "capabilities",
      unless: { $0.capabilities.persistent ? "persistent: opening it twice is refused" : nil }
    ) { check in
      let (one, other) = (try check.open([.set("a", "1")]), try check.open([.set("a", "2")]))
      try check.expectStore(one, ["a=1"])
      try check.expectStore(other, ["a=2"])
    },
    ConformanceCheck(
      "opening.history-of-reopens", "Ten generations of writes, each with a reopen behind it, add up",
      paragraph: "4.11",
      tier: .persistent, unless: unlessPersistent
    ) { check in
      let model = ReferenceBackend(limits: check.fixture.limits)
      var store = try check.open()
      for round in 0..<10 {
        let ops: [TxOp] = [
          .set("n", "\(round)"), .set("k\(round)", "1"), .remove("k\(round - 2)"), .clear("x\(round - 1)", "x\(round)"),
          .set("x\(round)a", "1"), .set("k", "\(round)", in: "category \(round)"), .clear(in: "category \(round - 3)"),
        ]
        try store.applyOps(ops)
        try model.applyOps(ops)
        store = try check.reopen(store)
        try check.expectStore(store, try model.everything(), "generation \(round)")
        try check.expectEqual(try store.categories(), try model.categories(), "the categories of generation \(round)")
      }
    },
    ConformanceCheck(
      "opening.failed-batch-leaves-nothing", "Reopening shows nothing of a batch that failed", paragraph: "4.3",
      tier: .persistent, unless: unlessPersistent
    ) { check in
      let store = try check.open([.set("a", "1")])
      try check.expectError(.conflict) { try store.applyOps([.set("b", "1"), .clear("a", "b"), .require("a", "1")]) }
      _ = store.applyGroup([[.set("d", "1"), .require("no", "x")], [.set("e", "1")]], sync: false)
      try check.expectStore(try check.reopen(store), ["a=1", "e=1"])
    },
    ConformanceCheck(
      "opening.large", "Twenty thousand rows and a payload of a mebibyte are there after a reopen", paragraph: "4.11",
      tier: .persistent, unless: unlessPersistent
    ) { check in
      let big = [UInt8](repeating: 0xC3, count: min(1 << 20, check.fixture.limits.payloadBytes))
      var store = try check.open()
      try store.applyInParts((0..<20_000).map { .set(numbered($0), "\($0)") })
      try store.applyOps([.put(category: "big", key: Key(plain: "b"), payload: big)])
      store = try check.reopen(store)
      try check.expectEqual(try store.texts(), (0..<20_000).map { "\(numbered($0))=\($0)" }, "the rows")
      try check.expect(try store.getOne(category: "big", key: Key(plain: "b")) == big, "the big payload differs")
      try store.applyOps([.clear()])
      store = try check.reopen(store)
      try check.expectEqual(try store.categories(), ["big"], "the categories after a delete-range and a reopen")
    },
    ConformanceCheck(
      "opening.moved-directory", "A closed store opens from the directory that it was moved to, with its rows",
      paragraph: "4.11", tier: .persistent, unless: unlessFiles
    ) { check in
      let first = try check.makeDirectory("first")
      let second = check.directory + "/second"
      let store = try check.open(in: first)
      try store.applyOps([.set("a", "1")])
      store.close()
      try FileManager.default.moveItem(atPath: first, toPath: second)
      let moved = try check.open(in: second)
      try check.expectStore(moved, ["a=1"], "the moved store")
      try moved.applyOps([.set("b", "2")])
      moved.close()
      try check.expect(!FileManager.default.fileExists(atPath: first), "the old directory is back")
      // The old place is free: another store may stand there.
      try check.expectStore(try check.open(in: try check.makeDirectory("first")), [], "a new store at the old place")
      try check.expectStore(try check.open(in: second), ["a=1", "b=2"], "the moved store, reopened")
    },
    ConformanceCheck(
      "opening.hostile-directory-names", "A store lives in a directory of any name", paragraph: "4.11",
      tier: .persistent, unless: unlessFiles
    ) { check in
      let names = [
        "with space", "100%", "%41", "a?mode=memory", "a#b", "quote'\"", "back\\slash", "semi;colon", "ünï—☃", "-dash",
        "new\nline", "file:x", ":memory:", "*", "a&cache=shared",
      ]
      for name in names {
        let directory = try check.makeDirectory(name)
        let store = try check.open(in: directory)
        try store.applyOps([.set("a", name)])
        store.close()
        try check.expect(!(try check.names(in: directory)).isEmpty, "nothing was written into \(name)")
        let again = try check.open(in: directory)
        try check.expectStore(again, ["a=\(name)"], "the store in \(name)")
        again.close()
      }
      try check.expectEqual(try check.names(in: check.directory), names.sorted(), "the names beside the directories")
    },
    ConformanceCheck(
      "opening.stores-are-apart", "Stores in different directories share nothing, open at the same time",
      paragraph: "4.11"
    ) { check in
      let stores = try (0..<8).map { try check.open(in: try check.makeDirectory("store \($0)")) }
      try check.concurrently(8) { index in
        for round in 0..<20 { try stores[index].applyOps([.set("a", "\(index) \(round)"), .set("b\(index)", "1")]) }
      }
      stores[3].close()
      for (index, store) in stores.enumerated() where index != 3 {
        try check.expectStore(store, ["a=\(index) 19", "b\(index)=1"], "store \(index)")
      }
    },
    ConformanceCheck(
      "opening.leaks-nothing", "Two hundred opens and closes leave descriptors and threads as they were",
      paragraph: "4.11", tier: .persistent,
      unless: { _ in CheckContext.listsDescriptors ? nil : "this system does not list descriptors" }
    ) { check in
      func cycle(_ round: Int) throws {
        let store = try check.fixture.open(check.directory, .init())
        try store.applyOps([.set("a", "\(round)")])
        var rows = 0
        try store.visit(category: "c") { _, _ in
          rows += try store.countRange(category: "c", range: .all)
          return .next
        }
        try check.expectEqual(rows, 1, "the rows")
        store.close()
      }
      // Engines keep thread pools of their own; the first cycles may start them.
      for round in 0..<5 { try cycle(round) }
      let before = CheckHoldings(check)
      for round in 0..<200 { try cycle(round) }
      try check.expectNoLeak(since: before)
    },
  ]
}
