import PersistencyCore

extension ConformanceCheck {
  static let categoryLimits: [ConformanceCheck] = [
    ConformanceCheck(
      "category.longest", "A category of the greatest length takes rows, is read, listed, and emptied",
      paragraph: "4.10"
    ) { check in
      let name = String(repeating: "k", count: check.fixture.limits.categoryBytes)
      let store = try check.open(RangeCase.rows, category: name)
      try check.fill(store, RangeCase.rows, category: String(name.dropLast()))
      try check.expectEachRow(store, name, RangeCase.rows.list)
      for each in RangeCase.all { try check.expectEveryRead(store, name, each.range, each.wanted, each.subject) }
      try check.expectEqual(try store.categories(), [String(name.dropLast()), name], "the list of categories")
      try store.deleteRange(name, .all)
      try check.expectEveryRead(store, name, [])
      try check.expectEveryRead(store, String(name.dropLast()), RangeCase.rows.list)
    },
    ConformanceCheck(
      "category.longest-differ-last", "Categories of the greatest length that differ in their last character are apart",
      paragraph: "4.10"
    ) { check in
      let stem = String(repeating: "k", count: check.fixture.limits.categoryBytes - 1)
      let store = try check.open()
      for last in ["z", "a", "\0", "\u{7F}"] {
        try store.put(
          [KvRow(key: .text("k"), payload: .text(last)), KvRow(key: .raw(0xFF), payload: [])], category: stem + last)
      }
      for last in ["\0", "a", "z", "\u{7F}"] {
        let rows = [KvRow(key: .text("k"), payload: .text(last)), KvRow(key: .raw(0xFF), payload: [])]
        try check.expectEveryRead(store, stem + last, rows, "the one that ends in \(last.debugDescription)")
      }
      let names = ["\0", "a", "z", "\u{7F}"].map { stem + $0 }
      try check.expectEqual(try store.categories(), names, "the list of categories")
    },
    ConformanceCheck(
      "category.every-length", "Categories of every length up to the greatest are apart, and listed in order",
      paragraph: "4.10"
    ) { check in
      let names = (0...check.fixture.limits.categoryBytes).map { String(repeating: "k", count: $0) }
      let store = try check.open()
      try store.applyOps(
        names.reversed().map { .put(category: $0, key: .text("k"), payload: [UInt8($0.utf8.count & 0xFF)]) })
      try check.expectEqual(try store.categories(), names, "the list of categories")
      for name in names {
        let row = KvRow(key: .text("k"), payload: [UInt8(name.utf8.count & 0xFF)])
        try check.expectRows(
          try store.scanRange(category: name, range: .all), [row], "the scan of length \(name.count)")
      }
    },
    ConformanceCheck(
      "category.over-limit-writes",
      "A category one byte over the limit is refused by every op, and nothing of the batch is written",
      paragraph: "4.10"
    ) { check in
      let over = String(repeating: "k", count: check.fixture.limits.categoryBytes + 1)
      let store = try check.open(RangeCase.rows)
      let bad: [TxOp] = [
        .put(category: over, key: .text("k"), payload: []), .delete(category: over, key: .text("k")),
        .deleteRange(category: over, range: .all), .expect(category: over, key: .text("k"), payload: nil),
      ]
      for op in bad {
        try check.expectError(.invalidArgument, "the batch") {
          try store.applyOps([
            .put(category: "new", key: .text("k"), payload: []), .deleteRange(category: "c", range: .all), op,
          ])
        }
      }
      try check.expectError(.invalidArgument, "deleteOne") { _ = try store.deleteOne(category: over, key: .text("k")) }
      try check.expectEveryRead(store, "c", RangeCase.rows.list)
      try check.expectEqual(try store.categories(), ["c"], "the list of categories")
    },
    ConformanceCheck(
      "category.over-limit-reads", "A category one byte over the limit is refused by every read, not read as empty",
      paragraph: "4.10"
    ) { check in
      let over = String(repeating: "k", count: check.fixture.limits.categoryBytes + 1)
      let store = try check.open(RangeCase.rows)
      try check.expectError(.invalidArgument, "getOne") { _ = try store.getOne(category: over, key: .text("k")) }
      try check.expectError(.invalidArgument, "existsOne") { _ = try store.existsOne(category: over, key: .text("k")) }
      try check.expectError(.invalidArgument, "scanRange") { _ = try store.scanRange(category: over, range: .all) }
      try check.expectError(.invalidArgument, "scanRange of no rows") {
        _ = try store.scanRange(category: over, range: .all, limit: 0)
      }
      try check.expectError(.invalidArgument, "countRange") { _ = try store.countRange(category: over, range: .all) }
      try check.expectError(.invalidArgument, "visitRange") { _ = try store.visited(over) }
      try check.expectEveryRead(store, "c", RangeCase.rows.list)
    },
    ConformanceCheck(
      "category.limit-in-bytes",
      "A category's length is that of its UTF-8: multi-byte characters count as what they take",
      paragraph: "4.10"
    ) { check in
      let limit = check.fixture.limits.categoryBytes
      let fits = String(repeating: "é", count: limit / 2) + (limit % 2 == 0 ? "" : "k")
      let over = String(repeating: "é", count: limit / 2 + 1)
      try check.expect(over.count < limit || limit < 3, "the name has \(over.count) characters")
      let store = try check.open(RangeCase.rows, category: fits)
      try check.expectEveryRead(store, fits, RangeCase.rows.list)
      try check.expectError(.invalidArgument, "the put") { try store.put(over, .text("k"), []) }
      try check.expectEqual(try store.categories(), [fits], "the list of categories")
    },
  ]
}
