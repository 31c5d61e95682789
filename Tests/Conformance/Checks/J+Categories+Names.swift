import PersistencyCore

extension ConformanceCheck {
  /// Proves that names some layer may read as something else are categories like any other.
  private static func names(_ id: String, _ rule: String, _ names: [String]) -> ConformanceCheck {
    ConformanceCheck("category.\(id)", rule, paragraph: "4.1") { check in
      let store = try check.open()
      let all = names.filter { $0.utf8.count <= check.fixture.limits.categoryBytes }
      let inOrder = all.map { Array($0.utf8) }.sorted { $0.order(to: $1) < 0 }
      try check.expectEqual(Set(inOrder).count, names.count, "the number of different names")
      for name in all {
        try store.put([KvRow(key: .text("k"), payload: .text(name)), KvRow(key: Key(), payload: [])], category: name)
      }
      try check.expectEqual(try store.categories().map { Array($0.utf8) }, inOrder, "the list of categories")
      for name in all {
        let rows = [KvRow(key: Key(), payload: []), KvRow(key: .text("k"), payload: .text(name))]
        try check.expectEachRow(store, name, rows)
        try check.expectEveryRead(store, name, rows, "category \(name.debugDescription)")
      }
      try check.expectEqual(
        try store.visitedAll().map(\.category), inOrder.flatMap { [$0, $0] }, "the categories visited")
      for name in all {
        try store.deleteRange(name, KeyRange(prefix: .text("k")))
        try check.expect(try store.deleteOne(category: name, key: Key()), "deleteOne answered false")
        try check.expectEveryRead(store, name, [], "category \(name.debugDescription), emptied")
      }
      try check.expectEmpty(store)
    }
  }

  static let categoryNames: [ConformanceCheck] = [
    ConformanceCheck(
      "category.empty-name", "The empty category holds rows, is listed first, and its deletes reach no other",
      paragraph: "4.2"
    ) { check in
      let store = try check.open(RangeCase.rows, category: "")
      try check.fill(store, RangeCase.rows, category: "a")
      try check.fill(store, RangeCase.rows, category: "\0")
      try check.expectEachRow(store, "", RangeCase.rows.list)
      try check.expectEveryRead(store, "", RangeCase.rows.list)
      try check.expectEqual(try store.categories(), ["", "\0", "a"], "the list of categories")
      try store.deleteRange("", .all)
      try check.expectEveryRead(store, "", [])
      try check.expectEveryRead(store, "a", RangeCase.rows.list)
      try check.expectEqual(try store.categories(), ["\0", "a"], "the list without it")
    },
    names(
      "quotes", "Quotes, semicolons and comments in a category's name are text",
      [
        "'", "''", "\"", "\\", "'; DROP TABLE kv;--", "\"kv\"", "`", "/*", "--", ";", "x' OR '1'='1", "${x}", "{}",
        "$1", "?1",
      ]),
    names(
      "wildcards", "Wildcards in a category's name stand for themselves",
      ["%", "_", "*", "?", "a%", "a_", "ab", "abc", "[ab]", ".*", "a*", "^", "$"]),
    names(
      "paths", "Paths and names of the engines' own things are categories like any other",
      [
        "../x", "/etc/passwd", "..", ".", "a/b", "a\\b", "kv", "sqlite_master", "main", "default", "rowid", "NULL",
        "null",
        "data.mdb", "lock.mdb", "CURRENT", "MANIFEST", "meta", "_", "__", "category", "key", "payload",
      ]),
    names(
      "controls", "Control characters, spaces and line ends tell names apart",
      [
        "a", "a ", " a", "a\t", "a\n", "a\r\n", "a\0", "\0", "\0\0", "\u{7F}", "\u{1B}[0m", "\u{FEFF}a", "a\u{200B}",
        "\u{202E}a",
      ]),
    names(
      "numbers", "Numbers in category names order and differ as text",
      ["0", "00", "1", "1.0", "01", "10", "2", "-1", "+1", "1e3", "1000", "0x10", "NaN", "true", "false"]),
    names(
      "cases", "Names that differ in upper and lower case alone are different categories",
      ["a", "A", "ab", "aB", "Ab", "AB", "ß", "ẞ", "ss", "SS", "i", "I", "ı", "İ"]),
    names(
      "scripts", "Names of many scripts, and beyond the basic plane, order by their UTF-8 bytes",
      [
        "Ä", "ä", "ÿ", "Ω", "я", "א", "ع", "€", "日本", "日本語", "\u{D7FF}", "\u{E000}", "\u{FFFD}", "\u{FFFF}",
        "\u{10000}", "😀", "👩‍👩‍👧", "\u{10FFFF}",
      ]),
    ConformanceCheck(
      "category.normal-forms", "Composed and decomposed é are two categories, in every call", paragraph: "3"
    ) { check in
      let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
      let store = try check.open()
      try store.applyOps([
        .put(category: composed, key: .text("k"), payload: [1]),
        .put(category: decomposed, key: .text("k"), payload: [2]),
        .put(category: decomposed, key: .text("l"), payload: [3]),
      ])
      try check.expectPayload(try store.getOne(category: composed, key: .text("k")), [1], "the composed one's payload")
      try check.expectPayload(
        try store.getOne(category: decomposed, key: .text("k")), [2], "the decomposed one's payload")
      try check.expectEqual(try store.countRange(category: composed, range: .all), 1, "the composed one's rows")
      try check.expectEqual(try store.countRange(category: decomposed, range: .all), 2, "the decomposed one's rows")
      let listed = try store.categories().map { Array($0.utf8) }
      try check.expectEqual(listed, [Array(decomposed.utf8), Array(composed.utf8)], "the list of categories")
      try check.expect(try store.deleteOne(category: decomposed, key: .text("k")), "deleteOne answered false")
      try check.expect(try store.existsOne(category: composed, key: .text("k")), "the other form's row is gone")
      try store.applyOps([
        .put(category: composed, key: .text("m"), payload: [4]), .deleteRange(category: decomposed, range: .all),
        .expect(category: composed, key: .text("m"), payload: [4]),
        .expect(category: decomposed, key: .text("l"), payload: nil),
      ])
      try check.expectEveryRead(store, decomposed, [])
      try check.expectEqual(try store.countRange(category: composed, range: .all), 2, "the composed one's rows")
    },
  ]
}
