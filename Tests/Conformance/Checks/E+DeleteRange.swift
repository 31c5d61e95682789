import PersistencyCore

extension ConformanceCheck {
  /// E: removing a range.
  static let deleteRange: [ConformanceCheck] =
    RangeCase.all.map { each in
      ConformanceCheck(
        "delete-range.\(each.name)",
        each.isEmpty
          ? "Deleting \(each.subject) removes no row"
          : "Deleting \(each.subject) removes \(each.gives), and spares all else", paragraph: "4.3"
      ) { check in
        let store = try check.open(RangeCase.rows)
        try check.fill(store, RangeCase.rows, category: "d")
        try store.deleteRange("c", each.range)
        try check.expectNoneOf(store, "c", each.wanted)
        try check.expectEveryRead(store, "c", RangeCase.rows.without(each.wanted), "the rest")
        try check.expectEveryRead(store, "d", RangeCase.rows.list, "the next category")
      }
    } + deleteRangeStates + deleteRangeBatches + deleteRangeSizes

  private static let deleteRangeStates: [ConformanceCheck] = [
    ConformanceCheck(
      "delete-range.empty-store", "A delete-range in an empty store succeeds, whatever its bounds", paragraph: "4.9"
    ) { check in
      let store = try check.open()
      for each in RangeCase.all { try store.deleteRange("c", each.range) }
      try check.expectEmpty(store)
      try check.fill(store, RangeCase.rows, category: "c")
      try check.expectEveryRead(store, "c", RangeCase.rows.list, "rows put afterwards")
    },
    ConformanceCheck("delete-range.twice", "The same delete-range again succeeds and removes no more", paragraph: "4.9")
    {
      check in
      let store = try check.open(RangeCase.rows)
      let left = RangeCase.rows.without(Array(RangeCase.rows.list[1..<5]))
      for _ in 0..<3 {
        try store.deleteRange("c", .texts("c", "g"))
        try check.expectEveryRead(store, "c", left)
      }
    },
    ConformanceCheck(
      "delete-range.put-again", "Rows put again after a delete-range over them are there, with the new payloads",
      paragraph: "4.3"
    ) { check in
      let rows = Rows((0..<200).map { .text("row \($0)") })
      let store = try check.open(rows)
      for round in 1...3 {
        try store.deleteRange("c", .all)
        try check.expectEveryRead(store, "c", [])
        let again = rows.list.enumerated().filter { $0.offset % round == 0 }.map {
          KvRow(key: $0.element.key, payload: [UInt8(round)])
        }
        try store.put(again, category: "c")
        try check.expectEveryRead(store, "c", again, "the rows put again")
        try check.expectEachRow(store, "c", again)
      }
    },
    ConformanceCheck(
      "delete-range.point-reads",
      "After a delete-range get, exists and deleteOne find none of its rows and all of the others",
      paragraph: "4.9"
    ) { check in
      let rows = Rows((0..<120).map { .text(String($0 + 100)) })
      let store = try check.open(rows)
      try store.deleteRange("c", .texts("130", "170"))
      let gone = rows.between(.text("130"), .text("170"))
      try check.expectEqual(gone.count, 40, "the rows in the model's range")
      try check.expectNoneOf(store, "c", gone)
      try check.expectEachRow(store, "c", rows.without(gone))
      for row in gone {
        try check.expect(try !store.deleteOne(category: "c", key: row.key), "deleteOne of a removed row answered true")
      }
      for row in rows.without(gone) {
        try check.expect(try store.deleteOne(category: "c", key: row.key), "deleteOne of a spared row answered false")
      }
      try check.expectEmpty(store)
    },
    ConformanceCheck(
      "delete-range.overlapping", "Delete-ranges that overlap, touch or contain each other remove their union",
      paragraph: "4.3"
    ) { check in
      let rows = Rows((0..<100).map { .text(String($0 + 100)) })
      let store = try check.open()
      let pairs: [[(String, String?)]] = [
        [("110", "130"), ("120", "140")], [("120", "140"), ("110", "130")], [("110", "120"), ("120", "130")],
        [("110", "190"), ("130", "140")], [("130", "140"), ("110", "190")], [("150", nil), ("", "160")],
        [("110", "120"), ("180", nil)], [("110", "130"), ("110", "130")],
      ]
      for (number, pair) in pairs.enumerated() {
        for together in [true, false] {
          let category = "\(number) \(together)"
          try check.fill(store, rows, category: category)
          let ops = pair.map { TxOp.deleteRange(category: category, range: .texts($0.0, $0.1)) }
          if together {
            try store.applyOps(ops)
          } else {
            for op in ops { try store.applyOps([op]) }
          }
          let gone = pair.flatMap { rows.between(.text($0.0), $0.1.map { .text($0) }) }
          try check.expect(gone.count >= 20, "the pair covers \(gone.count) rows")
          try check.expectEveryRead(store, category, rows.without(gone), "\(pair)")
        }
      }
    },
    ConformanceCheck(
      "delete-range.lattice",
      "Over 1…999 in text, delete-ranges between all kinds of numbers follow the order of the text",
      paragraph: "4.1"
    ) { check in
      let rows = Rows((1...999).map { .text(String($0)) })
      let store = try check.open()
      let bounds = ["", "1", "10", "100", "2", "5", "50", "500", "9", "99", "999", "0", "55\0"]
      var cases: [(category: String, start: String, stop: String)] = []
      for (number, start) in bounds.enumerated() {
        // Three stops for each start: all distances occur, and inverted ranges among them.
        for step in [1, 4, 9] {
          cases.append(("lattice \(cases.count)", start, bounds[(number + step) % bounds.count]))
        }
      }
      try store.applyInParts(
        cases.flatMap { each in
          rows.list.map { .put(category: each.category, key: $0.key, payload: []) }
        })
      try store.applyOps(
        cases.map { .deleteRange(category: $0.category, range: .texts($0.start, $0.stop)) })
      var removed = 0
      for each in cases {
        let gone = rows.between(.text(each.start), each.stop.isEmpty ? nil : .text(each.stop))
        let left = rows.without(gone).map(\.key)
        let found = try store.scanRange(category: each.category, range: .all).map(\.key)
        try check.expect(
          found.count == left.count && zip(found, left).allSatisfy { $0.bytes.isSame(as: $1.bytes) },
          "deleting “\(each.start)” up to “\(each.stop)” left \(found.count) of 999 rows, not \(left.count)")
        removed += gone.count
      }
      try check.expect(removed > 5_000, "the lattice removed \(removed) rows")
    },
    ConformanceCheck(
      "delete-range.neighbours",
      "A delete-range of all keys of one category leaves those that share or continue its name",
      paragraph: "4.1"
    ) { check in
      for category in ["", "a", "a\0", "\u{10FFFF}"] {
        let store = try check.open()
        try Neighbours.fill(store)
        try store.deleteRange(category, .all)
        try check.expectNeighbours(store, except: [category: []])
        try store.deleteRange("b", KeyRange(start: .raw(0x61, 0x61), stop: nil))
        let left = Neighbours.rows("b").between([], [0x61, 0x61])
        try check.expectNeighbours(store, except: [category: [], "b": left])
        for category in Neighbours.categories { try store.deleteRange(category, .all) }
        try check.expectEmpty(store)
        store.close()
      }
    },
  ]
}
