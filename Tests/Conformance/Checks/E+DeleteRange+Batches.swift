import PersistencyCore

extension ConformanceCheck {
  static let deleteRangeBatches: [ConformanceCheck] = [
    ConformanceCheck(
      "delete-range.put-before", "A delete-range removes what its own batch put before it", paragraph: "4.3"
    ) { check in
      let store = try check.open()
      try store.applyOps(
        RangeCase.rows.list.map { .put("c", $0) } + [.deleteRange(category: "c", range: .texts("c", "g"))])
      let gone = Array(RangeCase.rows.list[1..<5])
      try check.expectNoneOf(store, "c", gone)
      try check.expectEveryRead(store, "c", RangeCase.rows.without(gone))
    },
    ConformanceCheck(
      "delete-range.put-after", "A delete-range spares what its own batch puts after it", paragraph: "4.3"
    ) { check in
      let store = try check.open(RangeCase.rows)
      let again = [KvRow(key: .text("d"), payload: .text("new")), KvRow(key: .text("e"), payload: .text("new"))]
      try store.applyOps([.deleteRange(category: "c", range: .all)] + again.map { .put("c", $0) })
      try check.expectEveryRead(store, "c", again)
      try check.expectEachRow(store, "c", again)
    },
    ConformanceCheck(
      "delete-range.put-around", "put, delete-range, put of one key in a batch leaves the last payload",
      paragraph: "4.3"
    ) { check in
      let store = try check.open(Rows(texts: ["k", "l"]))
      try store.applyOps([
        .put(category: "c", key: .text("k"), payload: [1]),
        .deleteRange(category: "c", range: .texts("a", "z")),
        .put(category: "c", key: .text("k"), payload: [2]),
      ])
      try check.expectEveryRead(store, "c", [KvRow(key: .text("k"), payload: [2])])
    },
    ConformanceCheck(
      "delete-range.old-and-new", "One delete-range removes rows of earlier commits and of its own batch alike",
      paragraph: "4.3"
    ) { check in
      let old = Rows((0..<50).map { .text("row \($0)") })
      let new = Rows((0..<50).map { .text("row \($0) new") })
      let store = try check.open(old)
      try store.applyOps(
        new.list.map { .put("c", $0) } + [.deleteRange(category: "c", range: .texts("row 2", "row 4"))])
      let both = Rows(sorted: Rows((old.list + new.list).map(\.key.bytes)).list)
      let gone = both.between(.text("row 2"), .text("row 4"))
      try check.expectEqual(gone.count, 44, "the rows in the model's range")
      try check.expectEveryRead(store, "c", both.without(gone))
    },
    ConformanceCheck(
      "delete-range.between-deletes",
      "Deletes, puts and delete-ranges of a long batch apply in order, like on the model",
      paragraph: "4.3"
    ) { check in
      var generator = SeededGenerator(seed: check.seed ^ 0xE0)
      let store = try check.open()
      var model: [[UInt8]: [UInt8]] = [:]
      for round in 0..<12 {
        var ops: [TxOp] = []
        for step in 0..<80 {
          let bytes = [UInt8.random(in: 0...40, using: &generator)]
          let key = Key(rawBytes: bytes)
          switch Int.random(in: 0..<8, using: &generator) {
          case 0:
            let stop = bytes[0] &+ UInt8.random(in: 0...12, using: &generator)
            ops.append(.deleteRange(category: "c", range: KeyRange(start: key, stop: .raw(stop))))
            model = model.filter { $0.key[0] < bytes[0] || $0.key[0] >= stop }
          case 1:
            ops.append(.delete(category: "c", key: key))
            model[bytes] = nil
          default:
            let payload = [UInt8(round), UInt8(step)]
            ops.append(.put(category: "c", key: key, payload: payload))
            model[bytes] = payload
          }
        }
        try store.applyOps(ops)
        let wanted = model.keys.sorted { $0.order(to: $1) < 0 }.map {
          KvRow(key: Key(rawBytes: $0), payload: model[$0] ?? [])
        }
        try check.expect(wanted.count > 5, "the model has \(wanted.count) rows")
        try check.expectEveryRead(store, "c", wanted, "after batch \(round)")
      }
    },
    ConformanceCheck(
      "delete-range.other-category-in-batch",
      "A delete-range spares what its batch puts into other categories at the same keys",
      paragraph: "4.3"
    ) { check in
      let store = try check.open(RangeCase.rows, category: "b")
      try store.applyOps(
        RangeCase.rows.list.flatMap { row in ["a", "c", "cc", ""].map { .put($0, row) } }
          + [.deleteRange(category: "c", range: .all)])
      for category in ["", "a", "b", "cc"] {
        try check.expectEveryRead(store, category, RangeCase.rows.list, "category “\(category)”")
      }
      try check.expectEveryRead(store, "c", [], "its own category")
    },
    ConformanceCheck(
      "delete-range.failed-batch", "A delete-range of a batch that fails afterwards removed nothing", paragraph: "4.4"
    ) { check in
      let store = try check.open(RangeCase.rows)
      try check.expectError(.conflict, "the batch") {
        try store.applyOps([
          .deleteRange(category: "c", range: .all), .put(category: "c", key: .text("x"), payload: [1]),
          .expect(category: "c", key: .text("b"), payload: Rows.payload(of: .text("b"))),
        ])
      }
      try check.expectEveryRead(store, "c", RangeCase.rows.list)
      try check.expectEachRow(store, "c", RangeCase.rows.list)
    },
    ConformanceCheck(
      "delete-range.many-in-batch", "500 delete-ranges of one batch, each with a put inside, leave those puts alone",
      paragraph: "4.3"
    ) { check in
      let rows = Rows((0..<2_000).map { Key(UInt16($0)).bytes })
      let store = try check.open(rows)
      let kept = (0..<500).map { KvRow(key: rows.list[$0 * 4 + 1].key, payload: [1]) }
      try store.applyOps(
        (0..<500).flatMap { (number: Int) -> [TxOp] in
          let range = KeyRange(start: rows.list[number * 4].key, stop: rows.list[number * 4 + 3].key)
          return [.deleteRange(category: "c", range: range), .put("c", kept[number])]
        })
      let wanted = (0..<500).flatMap { [kept[$0], rows.list[$0 * 4 + 3]] }
      try check.expectEveryRead(store, "c", wanted)
      try check.expectEachRow(store, "c", wanted)
    },
  ]
}
