import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// L: writers beside one another.
  static let writers: [ConformanceCheck] = [
    ConformanceCheck(
      "concurrency.writers-all-land", "Concurrent writers are serialised, not refused: every batch lands",
      paragraph: "4.12", tier: .concurrency
    ) { check in
      let store = try check.open()
      let race = Race()
      let written = Locked([String: Int]())
      try check.concurrently(6) { thread in
        var round = 0
        while race.goesOn(after: round) {
          try store.applyOps([.set("\(thread).\(round)", "1"), .set("\(thread)", "\(round)", in: "last")])
          round += 1
        }
        let rounds = round
        written.withLock { $0["\(thread)"] = rounds }
      }
      let rounds = written.withLock { $0 }
      try check.expectEqual(try store.countRange(category: "c", range: .all), rounds.values.reduce(0, +), "the rows")
      try check.expectEqual(
        try store.texts("last"), rounds.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value - 1)" },
        "the last write of each thread")
    },
    ConformanceCheck(
      "concurrency.mixed-calls-land", "Batches, groups and deleteOne of many threads all take effect",
      paragraph: "4.12", tier: .concurrency
    ) { check in
      let store = try check.open()
      try check.concurrently(6) { thread in
        let name = "thread \(thread)"
        for round in 0..<15 {
          let key = numbered(round)
          switch thread % 3 {
          case 0: try store.applyOps([.set(key, "1", in: name), .set("x", "1", in: name), .remove("x", in: name)])
          case 1:
            for result in store.applyGroup([[.set(key, "1", in: name)], [.clear("x", in: name)]], sync: false) {
              try result.get()
            }
          default:
            try store.applyOps([.set(key, "1", in: name), .set("x", "1", in: name)])
            try check.expect(try store.deleteOne(category: name, key: Key(plain: "x")), "deleteOne missed its row")
          }
        }
      }
      for thread in 0..<6 {
        try check.expectEqual(
          try store.texts("thread \(thread)"), (0..<15).map { "\(numbered($0))=1" }, "the rows of thread \(thread)")
      }
    },
    ConformanceCheck(
      "concurrency.one-delete-says-yes", "Of threads that delete one row at once deleteOne says yes to exactly one",
      paragraph: "4.9", tier: .concurrency
    ) { check in
      let race = Race(least: 30, most: 8_000)
      let keys = (0..<race.most).map { numbered($0) }
      let store = try check.open(keys.map { .set($0, "1") })
      let yes = Locked([String: Int]())
      let tried = Locked<[Int]>([])
      try check.concurrently(4) { _ in
        var mine: [String] = []
        var round = 0
        while race.goesOn(after: round) {
          if try store.deleteOne(category: "c", key: Key(plain: keys[round])) { mine.append(keys[round]) }
          round += 1
        }
        let (found, rounds) = (mine, round)
        yes.withLock { yes in for key in found { yes[key, default: 0] += 1 } }
        tried.withLock { $0.append(rounds) }
      }
      let gone = tried.withLock { $0.max() ?? 0 }
      try check.expectEqual(
        yes.withLock { $0 }, Dictionary(uniqueKeysWithValues: keys.prefix(gone).map { ($0, 1) }), "who said yes")
      try check.expectStore(store, keys.dropFirst(gone).map { "\($0)=1" })
    },
    ConformanceCheck(
      "concurrency.tokens-taken-once", "Tokens that threads put and others take by deleteOne are each taken once",
      paragraph: "4.9", tier: .concurrency
    ) { check in
      let store = try check.open()
      let (makers, tokens) = (2, 80)
      let made = Atomic<Int>(0)
      let taken = Locked([String: Int]())
      try check.concurrently(makers + 3) { index in
        if index < makers {
          defer { made.add(1, ordering: .releasing) }
          for token in 0..<tokens { try store.applyOps([.set("\(index).\(token)", "1")]) }
          return
        }
        while true {
          let isLast = made.load(ordering: .acquiring) == makers
          let rows = try store.scanRange(category: "c", range: .all, reverse: index % 2 == 0, limit: 10)
          if rows.isEmpty && isLast { return }
          for row in rows where try store.deleteOne(category: "c", key: row.key) {
            taken.withLock { $0[row.key.plain, default: 0] += 1 }
          }
        }
      }
      let all = taken.withLock { $0 }
      try check.expectEqual(all.count, makers * tokens, "the tokens taken")
      try check.expect(all.values.allSatisfy { $0 == 1 }, "a token was taken twice")
    },
    ConformanceCheck(
      "concurrency.last-batch-wins-whole", "Of batches that race for the same keys one wins all of them, not one each",
      paragraph: "4.3", tier: .concurrency
    ) { check in
      let store = try check.open()
      let keys = (0..<12).map { numbered($0) }
      for round in 0..<25 {
        let gathering = Gathering(3)
        try check.concurrently(3) { thread in
          try gathering.arrive()
          let order = thread == 1 ? keys.reversed() : keys
          try store.applyOps(order.map { .set($0, "\(round).\(thread)") })
        }
        let payloads = Set(try store.texts().map { $0.split(separator: "=")[1] })
        try check.expectEqual(payloads.count, 1, "the number of batches that won")
        try check.expect(payloads.allSatisfy { $0.hasPrefix("\(round).") }, "an older batch stands: \(payloads)")
      }
    },
    ConformanceCheck(
      "concurrency.opened-here-used-there", "A store may be opened, used and closed on three different threads",
      paragraph: "4.12", tier: .concurrency
    ) { check in
      let place = Locked<(any KvBackend)?>(nil)
      func onThread(_ body: @escaping @Sendable (any KvBackend) throws -> Void) throws {
        try check.concurrently(1) { _ in
          guard let store = place.withLock({ $0 }) else { throw check.failure("no store was opened") }
          try body(store)
        }
      }
      try check.concurrently(1) { _ in
        let store = try check.open()
        place.withLock { $0 = store }
      }
      for round in 0..<20 {
        try onThread { try $0.applyOps([.set("a", "\(round)")]) }
        try onThread { try check.expectStore($0, ["a=\(round)"]) }
      }
      try onThread { $0.close() }
      try onThread { store in try check.expectError(.closed) { _ = try store.text("a") } }
    },
    ConformanceCheck(
      "concurrency.tasks", "A hundred tasks of Swift concurrency may share a store", paragraph: "4.12",
      tier: .concurrency
    ) { check in
      let store = try check.open()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<100 {
          group.addTask {
            try store.applyOps([.set(numbered(task), "1")])
            await Task.yield()
            try check.expectEqual(try store.text(numbered(task)), "1", "the row of task \(task)")
          }
        }
        try await group.waitForAll()
      }
      try check.expectEqual(try store.countRange(category: "c", range: .all), 100, "the rows")
    },
    ConformanceCheck(
      "concurrency.histories-in-own-categories",
      "Threads that each write a category of their own read back exactly their own history", paragraph: "4.12",
      tier: .concurrency
    ) { check in
      let store = try check.open()
      try check.concurrently(4) { thread in
        let name = "thread \(thread)"
        let model = ReferenceBackend(limits: check.fixture.limits)
        var generator = SeededGenerator(seed: check.seed &+ UInt64(thread))
        for step in 0..<150 {
          let key = "\(Int.random(in: 0..<15, using: &generator))"
          let ops: [TxOp] =
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: [.clear(key, "\(Int.random(in: 0..<15, using: &generator))", in: name)]
            case 1, 2: [.remove(key, in: name)]
            default: [.set(key, "\(step)", in: name), .set(key + "+", "\(step)", in: name)]
            }
          try store.applyOps(ops)
          try model.applyOps(ops)
          try check.expectEqual(try store.text(key, in: name), try model.text(key, in: name), "the row of \(key)")
          if step % 10 == 0 {
            try check.expectEqual(try store.texts(name), try model.texts(name), "the rows after step \(step)")
          }
        }
        try check.expectEqual(try store.texts(name), try model.texts(name), "the rows at last")
      }
    },
  ]
}
