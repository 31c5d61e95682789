import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// H: groups as a whole.
  static let groupAtLarge: [ConformanceCheck] = [
    ConformanceCheck(
      "group.equals-batches-one-by-one", "A group does what its batches do one by one, outcome by outcome",
      paragraph: "4.5"
    ) { check in
      let grouped = try check.open()
      let model = ReferenceBackend(limits: check.fixture.limits)
      var generator = SeededGenerator(seed: check.seed)
      var failures = 0
      for round in 0..<40 {
        let batches = (0..<Int.random(in: 1...12, using: &generator)).map { _ in randomBatch(&generator) }
        let wanted = batches.map { batch in
          Result { () throws(PersistencyError) in try model.applyOps(batch) }
        }
        try check.expectEqual(
          grouped.applyGroup(batches, sync: false).outcomes, wanted.outcomes, "the outcomes of group \(round)")
        try check.expectStore(grouped, try model.everything(), "the store after group \(round)")
        failures += wanted.outcomes.count { $0 == "conflict" }
      }
      try check.expect(failures > 20, "only \(failures) batches of the history fail: it proves too little")
    },
    ConformanceCheck(
      "group.four-hundred-batches", "Each of four hundred batches, every third of them failing, has its own outcome",
      paragraph: "4.5"
    ) { check in
      let store = try check.open()
      let batches: [[TxOp]] = (0..<400).map { number in
        [.set(numbered(number), "1")] + (number % 3 == 0 ? [.require("no", "x")] : [])
      }
      let results = store.applyGroup(batches, sync: false)
      try check.expectEqual(results.outcomes, (0..<400).map { $0 % 3 == 0 ? "conflict" : "ok" }, "the outcomes")
      try check.expectStore(store, (0..<400).filter { $0 % 3 != 0 }.map { "\(numbered($0))=1" })
    },
    ConformanceCheck(
      "group.over-limit-batch-fails-alone", "A batch over the batch limit fails alone, as `.invalidArgument`",
      paragraph: "4.10"
    ) { check in
      let limits = check.fixture.limits
      let store = try check.open()
      let payload = [UInt8](repeating: 1, count: min(16 << 20, limits.payloadBytes))
      let count = limits.batchBytes / max(payload.count, 1) + 1
      let over: [TxOp] = (0..<count).map { .put(category: "c", key: Key(plain: numbered($0)), payload: payload) }
      let results = store.applyGroup([[.set("a", "1")], over, [.set("b", "1")]], sync: false)
      try check.expectEqual(results.outcomes, ["ok", "invalidArgument", "ok"], "the outcomes")
      try check.expectStore(store, ["a=1", "b=1"])
    },
    ConformanceCheck(
      "group.visible-at-return", "When a group returns every batch that succeeded is there for all threads",
      paragraph: "4.5"
    ) { check in
      let store = try check.open()
      for round in 0..<30 {
        _ = store.applyGroup([[.set("a", "\(round)")], [.set("b", "\(round)", in: "d")]], sync: false)
        try check.concurrently(1) { _ in try check.expectStore(store, ["a=\(round)", "d/b=\(round)"]) }
      }
    },
    ConformanceCheck(
      "group.batches-are-atoms", "A reader never sees half of one batch of a group", paragraph: "4.5"
    ) { check in
      let keys = (0..<10).map { numbered($0) }
      let store = try check.open(keys.map { .set($0, "0") })
      try watch(
        check,
        write: { round in
          let batches: [[TxOp]] = (0..<4).map { part in
            keys.map { .set($0, "\(round).\(part)") } + (part == 2 ? [.require("no", "x")] : [])
          }
          try check.expectEqual(store.applyGroup(batches, sync: false).outcomes, ["ok", "ok", "conflict", "ok"])
        },
        read: {
          let payloads = try store.scanRange(category: "c", range: .all).map {
            String(decoding: $0.payload, as: UTF8.self)
          }
          try check.expectEqual(payloads.count, keys.count, "the number of rows")
          try check.expectEqual(Set(payloads).count, 1, "the number of batches seen at once")
          try check.expect(payloads.allSatisfy { !$0.hasSuffix(".2") }, "a failed batch was seen")
        })
    },
    ConformanceCheck(
      "group.concurrent-groups", "Groups of several threads give each batch its own outcome", paragraph: "4.5"
    ) { check in
      let store = try check.open()
      try check.concurrently(4) { writer in
        let name = "writer \(writer)"
        for round in 0..<15 {
          let results = store.applyGroup(
            [
              [.require("n", round == 0 ? nil : "\(round - 1)", in: name), .set("n", "\(round)", in: name)],
              [.set("n", "spoilt", in: name), .require("no", "x", in: name)],
              [.require("n", "\(round)", in: name), .set(numbered(round), "1", in: name)],
            ], sync: false)
          try check.expectEqual(results.outcomes, ["ok", "conflict", "ok"], "the outcomes of \(name)")
        }
      }
      for writer in 0..<4 {
        let rows = (0..<15).map { "\(numbered($0))=1" } + ["n=14"]
        try check.expectEqual(try store.texts("writer \(writer)"), rows, "the rows of writer \(writer)")
      }
    },
    ConformanceCheck(
      "group.as-apply-ops", "A group is heard by batches, and batches by groups: both write one store", paragraph: "4.5"
    ) { check in
      let store = try check.open([.set("a", "1")])
      try check.expectEqual(
        store.applyGroup([[.require("a", "1"), .set("b", "2")]], sync: false).outcomes, ["ok"], "the outcomes")
      try store.applyOps([.require("b", "2"), .set("c", "3")])
      try check.expectStore(store, ["a=1", "b=2", "c=3"])
    },
  ]

  /// A few ops on a few keys, so that they meet, and an expect that may hold.
  private static func randomBatch(_ generator: inout SeededGenerator) -> [TxOp] {
    (0..<Int.random(in: 1...5, using: &generator)).map { _ in
      let keys = ["a", "ab", "b", "c", ""]
      let key = keys.randomElement(using: &generator) ?? "a"
      let payload = Int.random(in: 0...2, using: &generator)
      let category = Bool.random(using: &generator) ? "c" : "d"
      return switch Int.random(in: 0..<6, using: &generator) {
      case 0, 1, 2: .set(key, "\(payload)", in: category)
      case 3: .remove(key, in: category)
      case 4: .clear(key, keys.randomElement(using: &generator), in: category)
      default: .require(key, payload == 2 ? nil : "\(payload)", in: category)
      }
    }
  }
}
