import PersistencyCore

extension ConformanceCheck {
  static let rangeVisitors: [ConformanceCheck] = [
    ConformanceCheck(
      "range.visit-nothing", "A visitor is never called for a range without rows", paragraph: "4.6"
    ) { check in
      let store = try check.open(RangeCase.rows)
      var calls = 0
      for reverse in [false, true] {
        for range in [KeyRange.texts("x", "z"), .texts("h", "b"), .texts("e", "e"), .texts("fa", "g")] {
          try store.visitRange(category: "c", range: range, reverse: reverse) { _, _ throws(PersistencyError) in
            calls += 1
            return .next
          }
        }
      }
      try check.expectEqual(calls, 0, "the number of calls")
      try check.expectEqual(try store.visited("c").count, 7, "the rows of the whole visit")
    },
    ConformanceCheck(
      "range.visit-stop", "A visitor that stops after n rows is called n times, for every n, forward and in reverse",
      paragraph: "4.8"
    ) { check in
      let store = try check.open(RangeCase.rows)
      for reverse in [false, true] {
        let wanted = reverse ? RangeCase.rows.keys.reversed() : RangeCase.rows.keys
        for last in 1...wanted.count {
          var keys: [Key] = []
          try store.visitRange(category: "c", range: .all, reverse: reverse) { key, _ throws(PersistencyError) in
            keys.append(Key(copying: key))
            return keys.count == last ? .stop : .next
          }
          try check.expectEqual(keys, Array(wanted.prefix(last)), "the keys lent before the stop")
        }
      }
    },
    ConformanceCheck(
      "range.visit-stop-frees", "After 300 visits stopped at their first row the store still writes, reads and closes",
      paragraph: "4.8"
    ) { check in
      let store = try check.open(RangeCase.rows)
      var calls = 0
      for round in 0..<300 {
        try store.visitRange(category: "c", range: .all, reverse: round % 2 == 1) { _, _ throws(PersistencyError) in
          calls += 1
          return .stop
        }
      }
      try check.expectEqual(calls, 300, "the number of calls")
      try store.deleteRange("c", .all)
      try check.expectEmpty(store)
      store.close()
      try check.expectError(.closed) { _ = try store.countRange(category: "c", range: .all) }
    },
    ConformanceCheck(
      "range.visit-throw",
      "What a visitor throws ends the visit, comes out unchanged, and the visitor is not called again",
      paragraph: "4.8"
    ) { check in
      let store = try check.open(RangeCase.rows)
      let thrown = PersistencyError(.timeout, "the visitor's own", backendCode: 4_711, outcome: .unknown)
      for reverse in [false, true] {
        for last in [1, 3, 7] {
          var calls = 0
          let caught = try check.expectError(.timeout, "the visit") {
            try store.visitRange(category: "c", range: .all, reverse: reverse) { _, _ throws(PersistencyError) in
              calls += 1
              if calls == last { throw thrown }
              return .next
            }
          }
          try check.expectEqual(caught, thrown, "the error that came out")
          try check.expectEqual(calls, last, "the number of calls")
        }
      }
      try check.expectEveryRead(store, "c", RangeCase.rows.list)
    },
    ConformanceCheck(
      "range.visit-throw-frees", "After 300 visits ended by a throw the store still writes, reads and closes",
      paragraph: "4.8"
    ) { check in
      let store = try check.open(RangeCase.rows)
      for round in 0..<300 {
        try check.expectError(.cancelled, "visit \(round)") {
          try store.visitRange(category: "c", range: .all, reverse: round % 2 == 1) { _, _ throws(PersistencyError) in
            throw PersistencyError(.cancelled, "enough")
          }
        }
      }
      try store.deleteRange("c", .texts("c", nil))
      try check.expectEveryRead(store, "c", [RangeCase.rows.list[0]])
      store.close()
      try check.expectError(.closed) { _ = try store.countRange(category: "c", range: .all) }
    },
    ConformanceCheck(
      "range.visit-throws-anything",
      "visit carries an error of the caller's own type out, whatever the adapter's errors",
      paragraph: "4"
    ) { check in
      let store = try check.open(RangeCase.rows)
      var calls = 0
      do {
        try store.visit(category: "c", range: .texts("c", "g"), reverse: true) { _, _ in
          calls += 1
          if calls == 2 { throw OwnError(number: 42) }
          return .next
        }
        throw check.failure("the visit succeeded instead of throwing the caller's error")
      } catch let error as OwnError {
        try check.expectEqual(error.number, 42, "what the error carries")
      }
      try check.expectEqual(calls, 2, "the number of calls")
    },
    ConformanceCheck(
      "range.visit-lends-whole-rows", "A visitor is lent key and payload whole, from empty ones to 100 KB",
      paragraph: "4.2"
    ) { check in
      let limits = check.fixture.limits
      let rows = [
        KvRow(key: Key(), payload: []),
        KvRow(key: .raw(0), payload: [0]),
        KvRow(key: Key(rawBytes: [1] + [UInt8].pattern(min(2_000, limits.keyBytes - 1))), payload: []),
        KvRow(key: .raw(2), payload: .pattern(min(100_000, limits.payloadBytes))),
        KvRow(
          key: Key(rawBytes: [3] + [UInt8].pattern(min(900, limits.keyBytes - 1))),
          payload: .pattern(min(5_000, limits.payloadBytes))),
      ]
      let store = try check.open()
      try store.put(rows, category: "c")
      var sizes: [[Int]] = []
      try store.visitRange(category: "c", range: .all, reverse: false) { key, payload throws(PersistencyError) in
        sizes.append([key.byteCount, payload.byteCount])
        return .next
      }
      try check.expectEqual(sizes, rows.map { [$0.key.bytes.count, $0.payload.count] }, "the sizes lent")
      try check.expectEveryRead(store, "c", rows)
    },
  ]

  struct OwnError: Error {
    let number: Int
  }
}
