import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// F: all of a batch, or none.
  static let batchAtomicity: [ConformanceCheck] =
    refusedBatches + [
      ConformanceCheck(
        "batch.failure-restores-old-rows", "A failed batch leaves what it overwrote and deleted as it was",
        paragraph: "4.3"
      ) { check in
        let store = try check.open([.set("a", "1"), .set("b", "2"), .set("d", "3"), .set("e", "4", in: "d")])
        try check.expectRefused(
          store, .conflict,
          [
            .set("a", "new"), .remove("b"), .clear("c", "e"), .clear(in: "d"), .set("n", "new", in: "n"),
            .require("nowhere", "x"),
          ])
        try check.expectStore(store, ["a=1", "b=2", "d=3", "d/e=4"])
        try check.expectEqual(try store.categories(), ["c", "d"], "the categories")
      },
      ConformanceCheck(
        "batch.store-works-after-failure", "After a failed batch the next one applies as if it had never been",
        paragraph: "4.3"
      ) { check in
        let store = try check.open([.set("a", "1")])
        for round in 0..<50 {
          try check.expectError(.conflict) { try store.applyOps([.set("b", "\(round)"), .require("a", "no")]) }
          try store.applyOps([.set("c", "\(round)")])
        }
        try check.expectStore(store, ["a=1", "c=49"])
      },
      ConformanceCheck(
        "batch.fifty-thousand-ops", "A batch of 50,000 ops is one atom: it fails whole and applies whole",
        paragraph: "4.3",
        unless: { $0.limits.batchOps < 50_001 ? "its batches end at \($0.limits.batchOps) ops" : nil }
      ) { check in
        let store = try check.open([.set("first", "1")])
        var ops: [TxOp] = []
        ops.reserveCapacity(50_001)
        for number in 0..<50_000 { ops.append(.set(numbered(number), "v")) }
        ops.append(.require("first", "2"))
        try check.expectError(.conflict, "the batch with a failing last op") { try store.applyOps(ops) }
        try check.expectEqual(try store.countRange(category: "c", range: .all), 1, "the count after the failed batch")
        ops[50_000] = .require("first", "1")
        try store.applyOps(ops)
        try check.expectEqual(try store.countRange(category: "c", range: .all), 50_001, "the count")
        try check.expectEqual(try store.text(numbered(23_456)), "v", "a row in the middle")
        try store.applyOps([.clear()])
        try check.expectStore(store, [], "the store after one delete-range of them all")
      },
      ConformanceCheck(
        "batch.visible-at-return", "A batch is whole before every thread once its call returned", paragraph: "4.3"
      ) { check in
        let store = try check.open()
        for round in 0..<50 {
          try store.applyOps([.set("a", "\(round)"), .set("b", "\(round)", in: "d")])
          try check.concurrently(2) { _ in
            try check.expectStore(store, ["a=\(round)", "d/b=\(round)"], "the store on another thread")
          }
        }
      },
      ConformanceCheck(
        "batch.visit-all-sees-it-whole", "A visit of the whole store never sees half of a batch", paragraph: "4.3"
      ) { check in
        try watchSwaps(check) { store in
          try store.everything().map { row in String(row.split(separator: "=", maxSplits: 1)[1]) }
        }
      },
      ConformanceCheck("batch.scan-sees-it-whole", "A scan never sees half of a batch", paragraph: "4.3") { check in
        try watchSwaps(check) { store in
          try store.scanRange(category: "c", range: .all).map { String(decoding: $0.payload, as: UTF8.self) }
        }
      },
      ConformanceCheck(
        "batch.reverse-scan-sees-it-whole", "A reverse scan never sees half of a batch", paragraph: "4.3"
      ) { check in
        try watchSwaps(check) { store in
          try store.scanRange(category: "c", range: .all, reverse: true).map {
            String(decoding: $0.payload, as: UTF8.self)
          }
        }
      },
      ConformanceCheck(
        "batch.count-sees-it-whole", "A count never falls between the deletes and the puts of a batch",
        paragraph: "4.3"
      ) { check in
        let rows = 40
        let store = try check.open((0..<rows).map { .set("even" + numbered($0), "") })
        try watch(
          check,
          write: { round in
            let (gone, new) = round % 2 == 0 ? ("even", "odd") : ("odd", "even")
            try store.applyOps(
              (0..<rows).flatMap { [.remove(gone + numbered($0)), .set(new + numbered($0), "")] })
          },
          read: {
            try check.expectEqual(try store.countRange(category: "c", range: .all), rows, "the count")
          })
      },
      ConformanceCheck(
        "batch.gets-never-go-back", "Of two keys that batches write together, the one read later is never older",
        paragraph: "4.3"
      ) { check in
        let store = try check.open([.set("a", "0"), .set("b", "0", in: "d")])
        try watch(
          check,
          write: { round in try store.applyOps([.set("b", "\(round)", in: "d"), .set("a", "\(round)")]) },
          read: {
            let a = Int(try store.text("a") ?? "") ?? -1
            let b = Int(try store.text("b", in: "d") ?? "") ?? -1
            try check.expect(a >= 0 && b >= a, "read a of round \(a), and then b of round \(b)")
          })
      },
    ]

  /// A writer gives all forty rows a new payload in each batch; what `read` gives is the same forty times.
  private static func watchSwaps(_ check: CheckContext, read: @escaping @Sendable (any KvBackend) throws -> [String])
    throws
  {
    let keys = (0..<40).map { numbered($0) }
    let categories = ["c", "d"]
    let store = try check.open(categories.flatMap { name in keys.map { .set($0, "0", in: name) } })
    try watch(
      check,
      write: { round in
        try store.applyOps(keys.flatMap { key in categories.map { .set(key, "\(round)", in: $0) } })
      },
      read: {
        let found = try read(store)
        try check.expect(found.count % keys.count == 0 && !found.isEmpty, "\(found.count) rows were read")
        try check.expectEqual(Set(found).count, 1, "the number of batches seen at once")
      })
  }

  /// One thread writes 100 rounds while two others read, at least twenty times each.
  static func watch(
    _ check: CheckContext, rounds: Int = 100, write: @escaping @Sendable (Int) throws -> Void,
    read: @escaping @Sendable () throws -> Void
  ) throws {
    let isDone = Atomic<Bool>(false)
    let gathering = Gathering(3)
    try check.concurrently(3) { index in
      defer { if index == 0 { isDone.store(true, ordering: .releasing) } }
      try gathering.arrive()
      if index == 0 {
        for round in 1...rounds { try write(round) }
      } else {
        var reads = 0
        while reads < 20 || !isDone.load(ordering: .acquiring) {
          try read()
          reads += 1
        }
      }
    }
  }
}
