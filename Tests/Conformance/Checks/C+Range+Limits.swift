import PersistencyCore

extension ConformanceCheck {
  static let rangeStores: [ConformanceCheck] = [
    ConformanceCheck(
      "range.empty-store", "An empty store gives no row to any range, count, visit, visitAll or list of categories",
      paragraph: "4.6"
    ) { check in
      let store = try check.open()
      try check.expectEmpty(store)
      for each in RangeCase.all { try check.expectEveryRead(store, "c", each.range, [], each.subject) }
      try check.fill(store, RangeCase.rows, category: "c")
      try check.expectEveryRead(store, "c", RangeCase.rows.list)
    },
    ConformanceCheck(
      "range.one-row", "Of a single row every bound cuts right: below it, at it, past it", paragraph: "4.6"
    ) { check in
      let rows = Rows(texts: ["m"])
      let store = try check.open(rows)
      let cases: [(String, String?, Int)] = [
        ("", nil, 1), ("m", nil, 1), ("l", nil, 1), ("n", nil, 0), ("m\0", nil, 0), ("", "m", 0), ("", "n", 1),
        ("", "m\0", 1), ("m", "m\0", 1), ("m", "n", 1), ("l", "m", 0), ("n", "z", 0), ("m", "m", 0), ("n", "l", 0),
      ]
      for (start, stop, count) in cases {
        let wanted = Array(rows.list.prefix(count))
        try check.expectEveryRead(store, "c", .texts(start, stop), wanted, "from \(start) up to \(stop ?? "the end")")
      }
    },
    ConformanceCheck(
      "range.reads-repeat", "Reading ranges again, in alternation and both directions, gives the same each time",
      paragraph: "4.7"
    ) { check in
      let store = try check.open(RangeCase.rows)
      for _ in 0..<3 {
        for each in RangeCase.all { try check.expectEveryRead(store, "c", each.range, each.wanted, each.subject) }
      }
    },
    ConformanceCheck(
      "range.random", "Random ranges over 500 random rows read like the model: scan, reverse, limit, count, visit",
      paragraph: "4.6"
    ) { check in
      var generator = SeededGenerator(seed: check.seed ^ 0xC0)
      func key() -> [UInt8] {
        (0..<Int.random(in: 0...3, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      }
      let rows = Rows((0..<500).map { _ in key() })
      let store = try check.open(rows)
      for _ in 0..<60 {
        let (start, stop) = (key(), Bool.random(using: &generator) ? key() : [])
        let wanted = rows.between(start, stop.isEmpty ? nil : stop)
        let range = KeyRange(start: Key(rawBytes: start), stop: Key(rawBytes: stop))
        try check.expectEveryRead(store, "c", range, wanted, "from \(start.shown) up to \(stop.shown)")
        let limit = Int.random(in: 0...20, using: &generator)
        let back = try store.scanRange(category: "c", range: range, reverse: true, limit: limit)
        try check.expectRows(back, Array(wanted.reversed().prefix(limit)), "the reverse scan of at most \(limit)")
      }
    },
  ]

  static let rangeLimits: [ConformanceCheck] = [
    ConformanceCheck("range.limit-0", "A limit of 0 gives no row, from either end", paragraph: "4.6") { check in
      let store = try check.open(RangeCase.rows)
      for reverse in [false, true] {
        let none = try store.scanRange(category: "c", range: .all, reverse: reverse, limit: 0)
        try check.expectRows(none, [], "the scan of at most 0")
        let one = try store.scanRange(category: "c", range: .all, reverse: reverse, limit: 1)
        try check.expectEqual(one.count, 1, "the rows of a scan of at most 1")
      }
    },
    ConformanceCheck(
      "range.limit-every", "A limit of every size from 0 past the rows takes exactly that many, from either end",
      paragraph: "4.6"
    ) { check in
      let rows = Rows((0..<40).map { .text("row \($0)") })
      let store = try check.open(rows)
      for limit in 0...42 {
        let found = try store.scanRange(category: "c", range: .all, limit: limit)
        try check.expectRows(found, Array(rows.list.prefix(limit)), "the scan of at most \(limit)")
        let back = try store.scanRange(category: "c", range: .all, reverse: true, limit: limit)
        try check.expectRows(back, Array(rows.list.reversed().prefix(limit)), "the reverse scan of at most \(limit)")
      }
    },
    ConformanceCheck(
      "range.limit-huge", "The greatest integer as a limit gives all rows, and so does no limit", paragraph: "4.6"
    ) { check in
      let store = try check.open(RangeCase.rows)
      for limit in [Int.max, Int.max - 1, Int(UInt32.max), Int(Int32.max) + 1, nil] {
        let found = try store.scanRange(category: "c", range: .all, reverse: false, limit: limit)
        try check.expectRows(found, RangeCase.rows.list, "the scan of at most \(String(describing: limit))")
        let back = try store.scanRange(category: "c", range: .all, reverse: true, limit: limit)
        try check.expectRows(
          back, RangeCase.rows.list.reversed(), "the reverse scan of at most \(String(describing: limit))")
      }
    },
    ConformanceCheck(
      "range.limit-negative", "A negative limit is refused, from either end, and whatever the range holds",
      paragraph: "4.6"
    ) { check in
      let store = try check.open(RangeCase.rows)
      for limit in [-1, -2, Int.min] {
        for range in [KeyRange.all, .texts("x", "z"), .texts("h", "b")] {
          for reverse in [false, true] {
            try check.expectError(.invalidArgument, "a scan of at most \(limit)") {
              _ = try store.scanRange(category: "c", range: range, reverse: reverse, limit: limit)
            }
          }
        }
        try check.expectError(.invalidArgument, "a scan of at most \(limit) of an unknown category") {
          _ = try store.scanRange(category: "unknown", range: .all, reverse: false, limit: limit)
        }
      }
      try check.expectEveryRead(store, "c", RangeCase.rows.list)
    },
    ConformanceCheck(
      "range.limit-counts-rows-in-range", "A limit counts the rows of the range, not those that were passed over",
      paragraph: "4.6"
    ) { check in
      let rows = Rows((0..<30).map { .text(String($0 + 10)) })
      let store = try check.open(rows)
      try store.applyOps((0..<10).map { .delete(category: "c", key: .text(String($0 * 3 + 10))) })
      let left = rows.list.enumerated().filter { $0.offset % 3 != 0 }.map(\.element)
      for limit in [1, 2, 7, 19, 20, 21] {
        let found = try store.scanRange(category: "c", range: .texts("10", "40"), limit: limit)
        try check.expectRows(found, Array(left.prefix(limit)), "the scan of at most \(limit)")
        let back = try store.scanRange(category: "c", range: .texts("10", "40"), reverse: true, limit: limit)
        try check.expectRows(back, Array(left.reversed().prefix(limit)), "the reverse scan of at most \(limit)")
      }
    },
  ]

  static let rangeDeletedRows: [ConformanceCheck] = [
    ConformanceCheck(
      "range.across-deleted", "Reads pass over deleted rows at the start, inside and at the end of a range",
      paragraph: "4.9"
    ) { check in
      let rows = Rows((0..<300).map { .text(String($0 + 100)) })
      let store = try check.open(rows)
      let gone = rows.list.enumerated().filter { place, _ in
        place < 40 || place % 2 == 0 || (150..<200).contains(place) || place >= 280
      }.map(\.element)
      try store.applyOps(gone.map { .delete(category: "c", key: $0.key) })
      try check.expectEveryRead(store, "c", rows.without(gone))
      let inner = Rows(sorted: rows.without(gone)).between(.text("150"), .text("250"))
      try check.expectEveryRead(store, "c", .texts("150", "250"), inner, "bounds on deleted rows")
      try check.expectEveryRead(store, "c", .texts("250", "300"), [], "nothing but deleted rows")
    },
    ConformanceCheck(
      "range.all-but-one-deleted", "The one row left among deleted ones is found from either end", paragraph: "4.9"
    ) { check in
      let rows = Rows((0..<300).map { .text(String($0 + 100)) })
      let store = try check.open(rows)
      let left = rows.list[177]
      try store.applyOps(rows.without([left]).map { .delete(category: "c", key: $0.key) })
      try check.expectEveryRead(store, "c", [left])
      try check.expectRows(try store.scanRange(category: "c", range: .all, limit: 1), [left])
      try check.expectRows(try store.scanRange(category: "c", range: .all, reverse: true, limit: 1), [left])
    },
    ConformanceCheck(
      "range.overwritten", "Ranges give the latest payload of rows written again, each row once", paragraph: "4.7"
    ) { check in
      let rows = Rows((0..<100).map { .text("row \($0)") })
      let store = try check.open(rows)
      var latest = rows.list
      for round in 1...3 {
        for place in stride(from: 0, to: latest.count, by: round + 1) {
          latest[place] = KvRow(key: latest[place].key, payload: .pattern(round * 10, seed: UInt8(round)))
        }
        try store.put(latest, category: "c")
      }
      try check.expectEveryRead(store, "c", latest)
    },
  ]
}
