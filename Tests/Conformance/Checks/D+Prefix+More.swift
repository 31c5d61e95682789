import PersistencyCore

extension ConformanceCheck {
  static let prefixMore: [ConformanceCheck] = [
    ConformanceCheck(
      "prefix.empty-start", "An empty start, with a stop or none, is the beginning, in scan, count, visit and delete",
      paragraph: "4.6"
    ) { check in
      let rows = Rows([[], [0], [1], [2], [0xFF]])
      let store = try check.open(rows)
      try check.expectEveryRead(store, "c", KeyRange(start: Key(), stop: nil), rows.list, "no stop")
      try check.expectEveryRead(store, "c", KeyRange(start: Key(), stop: .raw(2)), Array(rows.list[..<3]), "up to 02")
      try store.deleteRange("c", KeyRange(start: Key(), stop: .raw(2)))
      try check.expectEveryRead(store, "c", Array(rows.list[3...]), "after deleting up to 02")
      try store.deleteRange("c", KeyRange(start: Key(), stop: nil))
      try check.expectEmpty(store)
    },
    ConformanceCheck(
      "prefix.typed", "The key of the first parts is a prefix of the whole keys, and of no other part's", paragraph: "3"
    ) { check in
      let store = try check.open()
      let wanted = (0..<5).map { KvRow(key: Key("chan", Int64($0 - 2)), payload: [UInt8($0)]) }
      let others = [
        Key("chan2", Int64(0)), Key("cha", Int64(0)), Key("chao", Int64(0)), Key("chan\0", Int64(0)), Key("chbn"),
      ]
      try store.put(wanted + others.map { KvRow(key: $0, payload: []) }, category: "c")
      try check.expectEveryRead(store, "c", KeyRange(prefix: Key("chan")), wanted, "the rows of “chan”")
      try store.applyOps([.deletePrefix(category: "c", prefix: Key("chan"))])
      try check.expectEqual(
        Set(try store.scanRange(category: "c", range: .all).map(\.key)), Set(others), "the rows of others")
    },
    ConformanceCheck(
      "prefix.pages", "Pages inside a prefix, from either end, give its rows once and end with it", paragraph: "3"
    ) { check in
      let rows = Rows((0..<50).map { .text("row \($0)") } + [.text("row"), .text("rox"), .text("row\u{7F}")])
      let store = try check.open(rows)
      let wanted = rows.beginning(with: .text("row "))
      for reverse in [false, true] {
        var range = KeyRange(prefix: .text("row "))
        var found: [KvRow] = []
        while found.count <= rows.count {
          let page = try store.scanRange(category: "c", range: range, reverse: reverse, limit: 7)
          guard let last = page.last else { break }
          found += page
          range = reverse ? range.before(last.key) : range.after(last.key)
        }
        try check.expectRows(found, reverse ? wanted.reversed() : wanted, reverse ? "the pages back" : "the pages")
      }
    },
    ConformanceCheck(
      "prefix.across-deleted",
      "A prefix scan passes over deleted rows, and does not go on past the prefix to fill its limit",
      paragraph: "4.6"
    ) { check in
      let rows = Rows(["a", "b", "c"].flatMap { letter in (0..<100).map { .text("\(letter)\($0)") } })
      let store = try check.open(rows)
      let gone = rows.beginning(with: .text("b")).enumerated().filter { $0.offset % 10 != 5 }.map(\.element)
      try store.applyOps(gone.map { .delete(category: "c", key: $0.key) })
      let left = Rows(sorted: rows.without(gone)).beginning(with: .text("b"))
      try check.expectEqual(left.count, 10, "the rows left in the model")
      try check.expectEveryRead(store, "c", KeyRange(prefix: .text("b")), left)
      for reverse in [false, true] {
        let found = try store.scanPrefix(category: "c", prefix: .text("b"), reverse: reverse, limit: 50)
        try check.expectRows(found, reverse ? left.reversed() : left, "at most 50")
      }
    },
    ConformanceCheck(
      "prefix.neighbour-deletes", "Deleting the empty prefix, or one of FF bytes, empties no category but its own",
      paragraph: "4.1"
    ) { check in
      let store = try check.open()
      try Neighbours.fill(store)
      let ones = Neighbours.rows("a").filter { $0.first != 0xFF }
      try store.applyOps([.deletePrefix(category: "a", prefix: .raw(0xFF))])
      try check.expectNeighbours(store, except: ["a": ones])
      try store.applyOps([.deletePrefix(category: "aa", prefix: Key()), .deletePrefix(category: "", prefix: Key())])
      try check.expectNeighbours(store, except: ["a": ones, "aa": [], "": []])
    },
  ]
}
