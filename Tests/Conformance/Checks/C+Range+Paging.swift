import PersistencyCore

extension ConformanceCheck {
  static let rangePaging: [ConformanceCheck] = [
    ConformanceCheck(
      "range.pages-forward", "Pages taken with after() give every row once, in order, whatever their size",
      paragraph: "3"
    ) { check in
      let rows = Rows([[], [0], [0, 0], [0, 1]] + RangeCase.rows.list.map(\.key.bytes) + [[0xFF], [0xFF, 0xFF]])
      let store = try check.open(rows)
      for size in [1, 2, 3, 5, 13, 14] {
        var range = KeyRange.all
        var found: [KvRow] = []
        while found.count <= rows.count {
          let page = try store.scanRange(category: "c", range: range, limit: size)
          guard let last = page.last else { break }
          found += page
          range = range.after(last.key)
        }
        try check.expectRows(found, rows.list, "the pages of \(size)")
      }
    },
    ConformanceCheck(
      "range.pages-backward", "Pages taken with before() give every row once, last first, down to the empty key",
      paragraph: "3"
    ) { check in
      let rows = Rows([[], [0], [0, 0], [0, 1]] + RangeCase.rows.list.map(\.key.bytes) + [[0xFF], [0xFF, 0xFF]])
      let store = try check.open(rows)
      for size in [1, 2, 3, 5, 13, 14] {
        var range = KeyRange.all
        var found: [KvRow] = []
        while found.count <= rows.count {
          let page = try store.scanRange(category: "c", range: range, reverse: true, limit: size)
          guard let last = page.last else { break }
          found += page
          range = range.before(last.key)
        }
        try check.expectRows(found, rows.list.reversed(), "the pages of \(size)")
      }
    },
    ConformanceCheck(
      "range.pages-while-deleting", "Deleting each page before the next is taken reaches every row, once",
      paragraph: "4.9"
    ) { check in
      let rows = Rows((0..<250).map { .text("row \($0)") })
      let store = try check.open(rows)
      var found: [KvRow] = []
      for _ in 0...250 {
        let page = try store.scanRange(category: "c", range: .all, limit: 20)
        if page.isEmpty { break }
        found += page
        try store.applyOps(page.map { .delete(category: "c", key: $0.key) })
      }
      try check.expectRows(found, rows.list, "the pages")
      try check.expectEmpty(store)
    },
    ConformanceCheck(
      "range.100000-rows",
      "100,000 rows put in as few batches as may be are counted, visited in order, and cut anywhere from either end",
      paragraph: "4.7"
    ) { check in
      func row(_ number: Int) -> KvRow {
        KvRow(key: Key(UInt32(number)), payload: [UInt8(truncatingIfNeeded: number), 7])
      }
      let count = 100_000
      let store = try check.open()
      // A step that has no divisor with the count: all numbers, in no order.
      try store.put((0..<count).map { row($0 * 77_777 % count) }, category: "c")
      try check.expectEqual(try store.countRange(category: "c", range: .all), count, "the count")
      for reverse in [false, true] {
        var seen = 0
        var wrong = 0
        try store.visitRange(category: "c", range: .all, reverse: reverse) { key, payload throws(PersistencyError) in
          let number = reverse ? count - 1 - seen : seen
          let low = unsafe payload.byteCount == 2 ? payload.unsafeLoad(fromByteOffset: 0, as: UInt8.self) : 0
          if key.byteCount != 8 || low != UInt8(truncatingIfNeeded: number) { wrong += 1 }
          seen += 1
          return .next
        }
        try check.expectEqual([seen, wrong], [count, 0], "the rows visited, and those out of order")
      }
      try check.expectEqual(try store.scanRange(category: "c", range: .all).count, count, "the rows of the whole scan")
      let middle = KeyRange(start: row(60_000).key, stop: row(60_020).key)
      try check.expectEveryRead(store, "c", middle, (60_000..<60_020).map(row), "the middle")
      let first = try store.scanRange(category: "c", range: .all, limit: 10)
      try check.expectRows(first, (0..<10).map(row), "the first ten")
      let last = try store.scanRange(category: "c", range: .all, reverse: true, limit: 10)
      try check.expectRows(last, (0..<10).map { row(count - 1 - $0) }, "the last ten")
    },
  ]
}
