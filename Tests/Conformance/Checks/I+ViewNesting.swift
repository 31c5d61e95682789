import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// I: visits inside visits, beside visits, and beside writers.
  static let viewNesting: [ConformanceCheck] = [
    ConformanceCheck("view.sixteen-nested", "Visits nest sixteen deep, each with its own state", paragraph: "4.12") {
      check in
      let store = try check.open([.set("a", "1"), .set("n", "-1")])
      try check.concurrently(1) { _ in
        @Sendable func descend(_ depth: Int) throws {
          var seen: [String] = []
          try store.visit(category: "c") { key, payload in
            seen.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain)
            if seen.count == 1, depth < 16 {
              try store.applyOps([.set("n", "\(depth)")])
              try descend(depth + 1)
            }
            return .next
          }
          try check.expectEqual(seen, ["a=1", "n=\(depth - 1)"], "what visit \(depth) saw")
        }
        try descend(0)
      }
      try check.expectStore(store, ["a=1", "n=15"])
    },
    ConformanceCheck(
      "view.nested-over-all", "Visits of a range, in reverse and of the whole store nest in one another",
      paragraph: "4.12"
    ) { check in
      let store = try check.open((0..<4).flatMap { [.set("k\($0)", "1"), .set("k\($0)", "1", in: "d")] })
      try check.concurrently(1) { _ in
        var innermost = 0
        try store.visitEverything { _, _, _ in
          try store.visit(category: "c") { _, _ in
            try store.visit(category: "d", reverse: true) { _, _ in
              innermost += try store.countRange(category: "c", range: .all)
              return .next
            }
            return .next
          }
          return .next
        }
        try check.expectEqual(innermost, 8 * 4 * 4 * 4, "the rows counted innermost")
      }
    },
    ConformanceCheck(
      "view.later-visit-sees-later-state", "A visit begun inside another, after a write, sees that write",
      paragraph: "4.7"
    ) { check in
      let store = try check.open([.set("a", "1"), .set("b", "1")])
      try check.concurrently(1) { _ in
        var outer: [String] = []
        try store.visit(category: "c") { key, payload in
          outer.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain)
          let round = outer.count
          try store.applyOps([.set("b", "new \(round)"), .set("c", "new \(round)")])
          var inner: [String] = []
          try store.visit(category: "c") { key, payload in
            inner.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain)
            return .next
          }
          try check.expectEqual(inner, ["a=1", "b=new \(round)", "c=new \(round)"], "what the inner visit saw")
          return .next
        }
        try check.expectEqual(outer, ["a=1", "b=1"], "what the outer visit saw")
      }
    },
    ConformanceCheck(
      "view.blocks-no-writer", "Writers on other threads finish while a visit is open, and it does not see them",
      paragraph: "4.7"
    ) { check in
      let store = try check.open((0..<10).map { .set(numbered($0), "old") })
      let isOpen = Signal()
      let isWritten = Signal()
      try check.concurrently(2) { index in
        if index == 0 {
          var seen: [String] = []
          try store.visit(category: "c") { key, payload in
            isOpen.raise()
            // In vain when the writer waits for this visit.
            try isWritten.wait()
            seen.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain)
            return .next
          }
          try check.expectEqual(seen, (0..<10).map { "\(numbered($0))=old" }, "what the visit saw")
        } else {
          try isOpen.wait()
          for round in 0..<50 { try store.applyOps((0..<10).map { .set(numbered($0), "\(round)") }) }
          _ = store.applyGroup([[.clear("000005")]], sync: false)
          _ = try store.deleteOne(category: "c", key: Key(plain: numbered(0)))
          isWritten.raise()
        }
      }
      try check.expectStore(store, (1..<5).map { "\(numbered($0))=49" })
    },
    ConformanceCheck(
      "view.blocks-no-reader", "Reads on other threads finish while a visit is open and a batch was written in it",
      paragraph: "4.12"
    ) { check in
      let store = try check.open([.set("a", "1")])
      try check.concurrently(1) { _ in
        var visited = 0
        try store.visit(category: "c") { _, _ in
          visited += 1
          try store.applyOps([.set("b", "2")])
          try check.concurrently(4, within: 30) { _ in
            try check.expectStore(store, ["a=1", "b=2"], "the store on another thread")
            try check.expectEqual(try store.texts(reverse: true), ["b=2", "a=1"], "the reverse scan")
          }
          return .next
        }
        try check.expectEqual(visited, 1, "the rows visited")
      }
    },
    ConformanceCheck(
      "view.each-its-state", "Visits begun at different times on different threads each keep the state they began with",
      paragraph: "4.7"
    ) { check in
      let store = try check.open([.set("a", "0"), .set("b", "0")])
      let count = 6
      let written = (0...count).map { _ in Signal() }
      let begun = (0..<count).map { _ in Signal() }
      written[0].raise()
      try check.concurrently(count + 1) { index in
        if index == count {
          for round in 0..<count {
            try begun[round].wait()
            try store.applyOps([.set("a", "\(round + 1)"), .set("b", "\(round + 1)")])
            written[round + 1].raise()
          }
          return
        }
        try written[index].wait()
        var seen: [String] = []
        try store.visit(category: "c") { key, payload in
          seen.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain)
          if seen.count == 1 {
            begun[index].raise()
            try written[count].wait()
          }
          return .next
        }
        try check.expectEqual(seen, ["a=\(index)", "b=\(index)"], "what visit \(index) saw")
      }
    },
    ConformanceCheck(
      "view.eight-threads-read-and-write",
      "Eight threads inside visits may all read and write, and none waits for ever",
      paragraph: "4.8"
    ) { check in
      let store = try check.open((0..<5).map { .set("k\($0)", "1") })
      let inside = Gathering(8)
      try check.concurrently(8) { thread in
        var visited = 0
        try store.visit(category: "c") { key, payload in
          if visited == 0 { try inside.arrive() }
          let mine = "row \(visited)"
          try store.applyOps([.set(mine, "\(thread)", in: "thread \(thread)"), .set("k\(visited)", "changed")])
          try check.expectEqual(try store.text(mine, in: "thread \(thread)"), "\(thread)", "the row just written")
          try check.expectEqual([UInt8](copying: payload), Array("1".utf8), "the payload visited")
          visited += 1
          return .next
        }
        try check.expectEqual(visited, 5, "the rows visited")
      }
      for thread in 0..<8 {
        let rows = (0..<5).map { "row \($0)=\(thread)" }
        try check.expectEqual(try store.texts("thread \(thread)"), rows, "the rows of thread \(thread)")
      }
    },
    ConformanceCheck(
      "view.long-reader", "A visit keeps its state, and the writer its pace, over ten thousand writes", paragraph: "4.7"
    ) { check in
      let store = try check.open((0..<100).map { .set(numbered($0), "old") })
      try check.concurrently(1) { _ in
        var seen: [String] = []
        try store.visit(category: "c") { key, payload in
          let row = KvRow(key: Key(copying: key), payload: [UInt8](copying: payload))
          seen.append(row.plain)
          // A hundred batches of a hundred writes, all while one state is held.
          try store.applyOps(
            (0..<100).map { .set(numbered(($0 * 7 + seen.count) % 150), "new \(seen.count)") })
          return .next
        }
        try check.expectEqual(seen, (0..<100).map { "\(numbered($0))=old" }, "what the visit saw")
      }
      try check.expectEqual(try store.countRange(category: "c", range: .all), 150, "the rows afterwards")
      try check.expect(try store.texts().allSatisfy { $0.contains("=new ") }, "a row was not overwritten")
    },
    ConformanceCheck(
      "view.writes-much", "A visitor may write tens of mebibytes; what is refused for room fits when the visit ended",
      paragraph: "4.8"
    ) { check in
      let limits = check.fixture.limits
      let size = min(1 << 20, limits.payloadBytes, limits.batchBytes / 2)
      let store = try check.open([.set("a", "1"), .set("b", "1")])
      let payload = [UInt8](repeating: 0x5A, count: size)
      try check.concurrently(1) { _ in
        var refused: [TxOp] = []
        var seen = 0
        try store.visit(category: "c") { _, _ in
          seen += 1
          for number in 0..<24 {
            let op = TxOp.put(category: "big", key: Key(plain: "\(seen).\(number)"), payload: payload)
            do throws(PersistencyError) {
              try store.applyOps([op])
            } catch {
              try check.expectEqual(error.kind, .storageFull, "the kind of the error of a write without room")
              try check.expect(error.isRetryable, "a write without room is not retryable: \(error)")
              refused.append(op)
            }
          }
          return .next
        }
        try check.expectEqual(seen, 2, "the rows visited")
        for op in refused { try store.applyOps([op]) }
      }
      try check.expectEqual(try store.countRange(category: "big", range: .all), 48, "the rows written")
      try check.expectEqual(
        try store.getOne(category: "big", key: Key(plain: "2.23"))?.count, size, "the size of the last payload")
    },
  ]
}
