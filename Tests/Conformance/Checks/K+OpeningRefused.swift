import Foundation
import PersistencyCore

extension ConformanceCheck {
  private static let unlessPersistent: @Sendable (BackendFixture) -> String? = {
    $0.capabilities.persistent ? nil : "not persistent: no file to hold, to miss or to guard"
  }

  /// Also for those whose files are on another machine.
  private static let unlessFiles: @Sendable (BackendFixture) -> String? = { fixture in
    fixture.capabilities.remote ? "remote: it has no file here" : unlessPersistent(fixture)
  }

  /// K: opens that must be refused.
  static let openingRefused: [ConformanceCheck] = [
    ConformanceCheck(
      "opening.twice-is-locked",
      "A second open of a store in this process throws `.locked`, and harms the first one not",
      paragraph: "4.14", unless: unlessPersistent
    ) { check in
      let store = try check.open([.set("a", "1")])
      for round in 0..<3 {
        let error = try check.expectError(.locked, "the second open") { _ = try check.open() }
        try check.expect(error.isRetryable, "the refusal is not retryable, though the holder may close")
        try store.applyOps([.set("b", "\(round)")])
        try check.expectStore(store, ["a=1", "b=\(round)"])
      }
      try check.expectStore(try check.reopen(store), ["a=1", "b=2"], "the store reopened")
    },
    ConformanceCheck(
      "opening.twice-read-only-is-locked",
      "A second open in this process is `.locked` also when it is for reading only",
      paragraph: "4.14", unless: unlessPersistent
    ) { check in
      let store = try check.open([.set("a", "1")])
      try check.expectError(.locked, "the second open") { _ = try check.open(StoreOptions(access: .readOnly)) }
      try store.applyOps([.set("b", "2")])
      try check.expectStore(store, ["a=1", "b=2"])
    },
    ConformanceCheck(
      "opening.twice-by-another-path-is-locked", "A second open by another path to the same directory is `.locked`",
      paragraph: "4.14", unless: unlessPersistent
    ) { check in
      let real = try check.makeDirectory("real")
      try FileManager.default.createSymbolicLink(atPath: check.directory + "/alias", withDestinationPath: real)
      let store = try check.open(in: real)
      try store.applyOps([.set("a", "1")])
      for path in ["/alias", "/real/.", "/real/../real", "//real"] {
        try check.expectError(.locked, "the open of \(path)") { _ = try check.open(in: check.directory + path) }
      }
      store.close()
      try check.expectStore(try check.open(in: check.directory + "/alias"), ["a=1"], "the store by its alias")
    },
    ConformanceCheck(
      "opening.race-has-one-winner", "Of threads that open one store at once exactly one gets it", paragraph: "4.14",
      unless: unlessPersistent
    ) { check in
      for round in 0..<8 {
        let winners = Locked<[any KvBackend]>([])
        let gathering = Gathering(4)
        try check.concurrently(4) { _ in
          try gathering.arrive()
          do throws(PersistencyError) {
            let store = try check.open()
            winners.withLock { $0.append(store) }
          } catch {
            try check.expectEqual(error.kind, .locked, "the kind of the losers' error")
          }
        }
        let won = winners.withLock { $0 }
        try check.expectEqual(won.count, 1, "the number of opens that succeeded")
        try won[0].applyOps([.set("a", "\(round)")])
        won[0].close()
      }
    },
    ConformanceCheck(
      "opening.missing-is-corrupted", "A store that must exist and does not is `.corrupted`, and nothing is made",
      paragraph: "4.14", unless: unlessPersistent
    ) { check in
      for _ in 0..<2 {
        try check.expectError(.corrupted, "the open") { _ = try check.open(StoreOptions(mustExist: true)) }
        try check.expectEqual(try check.names(in: check.directory), [], "the files made")
      }
      let store = try check.open([.set("a", "1")])
      store.close()
      try check.expectStore(try check.open(StoreOptions(mustExist: true)), ["a=1"], "the store that does exist")
    },
    ConformanceCheck(
      "opening.must-exist-when-empty", "A store that was opened and never written exists all the same",
      paragraph: "4.14", tier: .persistent, unless: unlessPersistent
    ) { check in
      try check.open().close()
      let store = try check.open(StoreOptions(mustExist: true))
      try check.expectStore(store, [])
      try store.applyOps([.set("a", "1")])
      try check.expectStore(store, ["a=1"])
    },
    ConformanceCheck(
      "opening.emptied-is-corrupted", "A store that must exist and whose files were emptied is `.corrupted`, not new",
      paragraph: "4.14", tier: .persistent, unless: unlessFiles
    ) { check in
      let store = try check.open((0..<500).map { .set(numbered($0), "1") })
      store.close()
      for (path, state) in try check.tree(of: check.directory) where !state.isFolder {
        try Data().write(to: URL(fileURLWithPath: check.directory + "/" + path))
      }
      let before = try check.names(in: check.directory)
      try check.expectError(.corrupted, "the open") { _ = try check.open(StoreOptions(mustExist: true)) }
      try check.expectEqual(try check.names(in: check.directory), before, "the files after the refusal")
    },
    ConformanceCheck(
      "opening.symlink-is-corrupted",
      "A store that is a symbolic link is refused as `.corrupted`, its target untouched",
      paragraph: "4.14", tier: .persistent, unless: unlessFiles
    ) { check in
      let (real, fake) = (try check.makeDirectory("real"), try check.makeDirectory("fake"))
      let store = try check.open(in: real)
      try store.applyOps([.set("a", "1")])
      store.close()
      for name in try check.names(in: real) {
        try FileManager.default.createSymbolicLink(
          atPath: fake + "/" + name, withDestinationPath: real + "/" + name)
      }
      for mustExist in [true, false] {
        try check.expectError(.corrupted, "the open of the link") {
          _ = try check.open(in: fake, StoreOptions(mustExist: mustExist))
        }
      }
      try check.expectStore(try check.open(in: real), ["a=1"], "the store behind the link")
    },
    ConformanceCheck(
      "opening.private-files",
      "No other user reaches a file of a store: it is for its owner alone, or lies in a folder that is",
      paragraph: "5", tier: .persistent, unless: unlessFiles
    ) { check in
      var store = try check.open((0..<500).map { .set(numbered($0), "1") })
      for state in ["open", "closed", "reopened"] {
        if state == "closed" { store.close() }
        if state == "reopened" {
          store = try check.open()
          try store.applyOps([.set("b", "2")])
        }
        let files = try check.tree(of: check.directory)
        try check.expect(!files.isEmpty, "the \(state) store has no files")
        for (path, file) in files {
          let folders = files.filter { $0.value.isFolder && path.hasPrefix($0.key + "/") }
          let isSheltered = folders.values.contains { $0.forOthers == 0 }
          try check.expect(
            file.forOthers == 0 || isSheltered && !file.isFolder,
            "others may use \(path) of the \(state) store: its mode is \(String(file.mode, radix: 8))")
        }
      }
    },
    ConformanceCheck(
      "opening.without-directory", "Opening in a directory that is not there throws and makes none", paragraph: "4.14",
      unless: unlessPersistent
    ) { check in
      let missing = check.directory + "/missing"
      do {
        _ = try check.open(in: missing)
        throw check.failure("the open succeeded")
      } catch let error as PersistencyError {
        try check.expect(
          error.kind == .backend || error.kind == .corrupted || error.kind == .invalidArgument, "threw \(error)")
      }
      try check.expectEqual(try check.names(in: check.directory), [], "what was made")
    },
  ]
}
