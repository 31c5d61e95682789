import PersistencyCore

extension ConformanceCheck {
  /// Engines choose between deleting row by row and a mark over the range; no size may show.
  static let deleteRangeSizes: [ConformanceCheck] = [
    ConformanceCheck(
      "delete-range.sizes", "A delete-range over 1 to 2,100 rows removes exactly those, and the rows may be put again",
      paragraph: "4.3"
    ) { check in
      let rows = Rows((0..<2_200).map { Key(UInt16($0)).bytes })
      let store = try check.open()
      let sizes = [1, 2, 99, 100, 101, 999, 1_000, 1_001, 1_023, 1_024, 1_025, 2_100]
      for size in sizes { try store.put(rows.list, category: "size \(size)") }
      try store.applyOps(
        sizes.map { size in
          .deleteRange(
            category: "size \(size)", range: KeyRange(start: rows.list[50].key, stop: rows.list[50 + size].key))
        })
      for size in sizes {
        let left = Array(rows.list[..<50] + rows.list[(50 + size)...])
        try check.expectRows(try store.scanRange(category: "size \(size)", range: .all), left, "after deleting \(size)")
        try check.expectEqual(try store.countRange(category: "size \(size)", range: .all), left.count, "the count")
        try check.expectNoneOf(store, "size \(size)", [rows.list[50], rows.list[49 + size]])
      }
      for size in sizes { try store.put(rows.list[50..<(50 + size)], category: "size \(size)") }
      for size in sizes {
        let found = try store.scanRange(category: "size \(size)", range: .all)
        try check.expectRows(found, rows.list, "after putting \(size) again")
      }
    },
    ConformanceCheck(
      "delete-range.large-in-batch",
      "A delete-range over 1,500 rows of its own batch and 1,500 older ones spares later puts",
      paragraph: "4.3"
    ) { check in
      let rows = Rows((0..<3_000).map { Key(UInt16($0)).bytes })
      let odd = rows.list.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
      let even = rows.list.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      let store = try check.open(Rows(sorted: odd))
      let again = [even[0], odd[700], even[1_499]]
      try store.applyOps(
        even.map { .put("c", $0) } + [.deleteRange(category: "c", range: .all)] + again.map { .put("c", $0) })
      try check.expectEveryRead(store, "c", again)
      try check.expectEachRow(store, "c", again)
    },
    ConformanceCheck(
      "delete-range.100000-deletes",
      "After 100,000 rows are deleted, by range and one by one, a short scan finds what is left",
      paragraph: "4.9"
    ) { check in
      let count = 100_000
      let rows = (0..<count).map { KvRow(key: Key(UInt32($0)), payload: [1]) }
      let store = try check.open()
      try store.put(rows, category: "c")
      // Half of them each way; one row stays in the middle, and one at the end.
      try store.applyInParts(rows[..<49_999].map { .delete(category: "c", key: $0.key) })
      try store.deleteRange("c", KeyRange(start: rows[50_000].key, stop: rows[99_999].key))
      let left = [rows[49_999], rows[99_999]]
      for reverse in [false, true] {
        let found = try store.scanRange(category: "c", range: .all, reverse: reverse, limit: 2)
        try check.expectRows(found, reverse ? left.reversed() : left, "the short scan")
      }
      try check.expectEveryRead(store, "c", left)
      try store.put("c", rows[10].key, [2])
      let first = try store.scanRange(category: "c", range: .all, limit: 1)
      try check.expectRows(first, [KvRow(key: rows[10].key, payload: [2])], "the scan after a put")
      try store.deleteRange("c", .all)
      try check.expectEmpty(store)
    },
    ConformanceCheck(
      "delete-range.many-commits", "After 300 small delete-ranges, each a commit, every get and scan is still right",
      paragraph: "4.3"
    ) { check in
      let rows = Rows((0..<900).map { Key(UInt16($0)).bytes })
      let store = try check.open(rows)
      for number in 0..<300 {
        let range = KeyRange(start: rows.list[number * 3].key, stop: rows.list[number * 3 + 2].key)
        try store.deleteRange("c", range)
        if number % 50 == 0 {
          try check.expectPayload(try store.getOne(category: "c", key: rows.list[number * 3].key), nil)
        }
      }
      let left = (0..<300).map { rows.list[$0 * 3 + 2] }
      try check.expectEachRow(store, "c", left)
      try check.expectNoneOf(store, "c", rows.without(left))
      try check.expectEveryRead(store, "c", left)
    },
    ConformanceCheck(
      "delete-range.large-payloads",
      "A delete-range over rows of large payloads removes them, and the store takes as much again",
      paragraph: "4.3"
    ) { check in
      let size = min(400_000, check.fixture.limits.payloadBytes)
      let rows = (0..<20).map { KvRow(key: .raw(UInt8($0)), payload: .pattern(size, seed: UInt8($0))) }
      let store = try check.open()
      for _ in 0..<3 {
        try store.put(rows, category: "c")
        try check.expectEqual(try store.countRange(category: "c", range: .all), 20, "the rows put")
        try store.deleteRange("c", KeyRange(start: .raw(3), stop: .raw(18)))
        try check.expectRows(try store.scanRange(category: "c", range: .all), Array(rows[..<3] + rows[18...]))
      }
    },
    ConformanceCheck(
      "delete-range.persists", "What a delete-range removed is gone after a reopen, and what was put after it is there",
      paragraph: "4.3", tier: .persistent,
      unless: { $0.capabilities.persistent ? nil : "it is not persistent" }
    ) { check in
      let rows = Rows((0..<3_000).map { Key(UInt16($0)).bytes })
      var store = try check.open(rows)
      try store.deleteRange("c", KeyRange(start: rows.list[100].key, stop: rows.list[2_900].key))
      try store.put([rows.list[1_500]], category: "c")
      store = try check.reopen(store)
      let left = Array(rows.list[..<100] + [rows.list[1_500]] + rows.list[2_900...])
      try check.expectEveryRead(store, "c", left)
      try check.expectEachRow(store, "c", left)
      try store.deleteRange("c", .all)
      try check.expectEmpty(try check.reopen(store))
    },
  ]
}
