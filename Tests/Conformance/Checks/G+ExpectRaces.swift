import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// G: preconditions of writers that race.
  static let expectationRaces: [ConformanceCheck] = [
    ConformanceCheck(
      "expect.one-insert-wins", "Of many writers that insert a key if it is absent exactly one wins, each time",
      paragraph: "4.4"
    ) { check in
      let store = try check.open()
      let race = Race()
      let winners = Locked([String: [Int]]())
      let tried = Locked<[Int]>([])
      try check.concurrently(4) { writer in
        var round = 0
        while race.goesOn(after: round) {
          let key = numbered(round)
          round += 1
          do throws(PersistencyError) {
            try store.applyOps([.require(key, nil), .set(key, "\(writer)")])
            winners.withLock { $0[key, default: []].append(writer) }
          } catch {
            try check.expectEqual(error.kind, .conflict, "the kind of the losers' error")
          }
        }
        let rounds = round
        tried.withLock { $0.append(rounds) }
      }
      let won = winners.withLock { $0 }
      try check.expectEqual(won.count, tried.withLock { $0.max() ?? 0 }, "the number of keys with a winner")
      for (key, writers) in won {
        try check.expectEqual(writers.count, 1, "the number of winners")
        try check.expectEqual(try store.text(key), "\(writers[0])", "the row of the winner")
      }
    },
    ConformanceCheck(
      "expect.one-insert-wins-in-groups", "Inserting if absent through groups has exactly one winner too",
      paragraph: "4.4"
    ) { check in
      let store = try check.open()
      let keys = (0..<20).map { numbered($0) }
      let won = Locked(0)
      try check.concurrently(4) { writer in
        let results = store.applyGroup(
          keys.map { [.require($0, nil), .set($0, "\(writer)"), .set($0, "\(writer)", in: "twin")] }, sync: false)
        try check.expect(
          Set(results.outcomes).isSubset(of: ["ok", "conflict"]), "the outcomes are \(results.outcomes)")
        won.withLock { $0 += results.outcomes.count { $0 == "ok" } }
      }
      try check.expectEqual(won.withLock { $0 }, keys.count, "the number of batches that won")
      try check.expectEqual(try store.texts(), try store.texts("twin"), "the rows and their twins")
      try check.expectEqual(try store.countRange(category: "c", range: .all), keys.count, "the count")
    },
    ConformanceCheck(
      "expect.counter-loses-nothing", "A counter that writers raise by compare and swap loses no step",
      paragraph: "4.4"
    ) { check in
      let store = try check.open([.set("n", "0")])
      let race = Race()
      let raised = Atomic<Int>(0)
      try check.concurrently(4) { _ in
        var steps = 0
        while race.goesOn(after: steps) {
          steps += 1
          while true {
            let old = Int(try store.text("n") ?? "") ?? -1
            do throws(PersistencyError) {
              try store.applyOps([.require("n", "\(old)"), .set("n", "\(old + 1)")])
              raised.add(1, ordering: .relaxed)
              break
            } catch {
              try check.expectEqual(error.kind, .conflict, "the kind of the error of a lost race")
            }
          }
        }
      }
      try check.expectStore(store, ["n=\(raised.load(ordering: .relaxed))"])
    },
    ConformanceCheck(
      "expect.two-keys-cannot-both-be-taken",
      "Two writers that each expect what the other one writes never both succeed",
      paragraph: "4.4"
    ) { check in
      let store = try check.open()
      for round in 0..<40 {
        let won = Locked(0)
        let gathering = Gathering(2)
        try check.concurrently(2) { writer in
          let (mine, other) = writer == 0 ? ("a", "b") : ("b", "a")
          try gathering.arrive()
          do throws(PersistencyError) {
            try store.applyOps([.require(other + "\(round)", nil), .set(mine + "\(round)", "taken")])
            won.withLock { $0 += 1 }
          } catch {
            try check.expectEqual(error.kind, .conflict, "the kind of the loser's error")
          }
        }
        try check.expectEqual(won.withLock { $0 }, 1, "the number of writers that took one of the two keys")
      }
    },
    ConformanceCheck(
      "expect.guards-against-delete-one", "A batch that expects a row and a deleteOne of it never both take it",
      paragraph: "4.9"
    ) { check in
      let store = try check.open()
      for round in 0..<40 {
        try store.applyOps([.set("token", "\(round)"), .remove("taken")])
        let deleted = Locked(false)
        let applied = Locked(false)
        let gathering = Gathering(2)
        try check.concurrently(2) { index in
          try gathering.arrive()
          if index == 0 {
            let answer = try store.deleteOne(category: "c", key: Key(plain: "token"))
            deleted.withLock { $0 = answer }
          } else {
            let results = store.applyGroup(
              [[.require("token", "\(round)"), .remove("token"), .set("taken", "1")]], sync: false)
            applied.withLock { $0 = results.outcomes == ["ok"] }
          }
        }
        let (byCall, byBatch) = (deleted.withLock { $0 }, applied.withLock { $0 })
        try check.expect(byCall != byBatch, "deleteOne answered \(byCall) and the batch succeeded \(byBatch)")
        try check.expectStore(store, byBatch ? ["taken=1"] : [])
      }
    },
  ]
}
