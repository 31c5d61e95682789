import PersistencyCore

extension ConformanceCheck {
  /// Text that some layer might read as something else than bytes.
  static let pointTexts: [ConformanceCheck] = [
    ConformanceCheck(
      "point.payload-words", "Payloads that spell null, false or a number come back as the bytes they are",
      paragraph: "4.2"
    ) { check in
      let store = try check.open()
      let rows = telling.enumerated().map { KvRow(key: .raw(UInt8($0.offset)), payload: .text($0.element)) }
      try store.put(rows, category: "c")
      try check.expectEachRow(store, "c", rows)
      try check.expectEveryRead(store, "c", rows)
    },
    ConformanceCheck(
      "point.key-words", "Keys that spell null, false or a number are keys like any other, and none is another",
      paragraph: "4.1"
    ) { check in
      let rows = Rows(texts: telling)
      let store = try check.open(rows)
      try check.expectEqual(rows.count, telling.count, "the number of different keys")
      try check.expectEachRow(store, "c", rows.list)
      try check.expectEveryRead(store, "c", rows.list)
    },
    ConformanceCheck(
      "point.key-case", "Keys that differ in upper and lower case alone are different keys", paragraph: "4.1"
    ) { check in
      let rows = Rows(texts: ["key", "Key", "KEY", "keY", "straße", "STRASSE", "ß", "ẞ", "ı", "I", "i"])
      let store = try check.open(rows)
      try check.expectEachRow(store, "c", rows.list)
      try check.expectEveryRead(store, "c", rows.list)
    },
    ConformanceCheck(
      "point.key-spaces", "Spaces, tabs and line ends at the ends of a key tell it from others", paragraph: "4.1"
    ) { check in
      let rows = Rows(texts: ["a", "a ", "a  ", " a", "a\t", "a\n", "a\r\n", "", " ", "\n", "\u{A0}a"])
      let store = try check.open(rows)
      try check.expectEachRow(store, "c", rows.list)
      try check.expectEveryRead(store, "c", rows.list)
    },
    ConformanceCheck(
      "point.key-wildcards", "Quotes, %, _, *, ? and backslashes in a key stand for themselves, as prefixes too",
      paragraph: "4.1"
    ) { check in
      let rows = Rows(
        texts: ["%", "%a", "_", "_a", "*", "?", "\\", "\\%", "'", "''", "\"", "';--", "[a]", "a%b", "axb", "a_b", "`"])
      let store = try check.open(rows)
      try check.expectEachRow(store, "c", rows.list)
      for text in ["%", "_", "*", "?", "\\", "'", "\"", "[", "a%", "a_"] {
        let found = try store.scanPrefix(category: "c", prefix: .text(text))
        try check.expectRows(found, rows.beginning(with: .text(text)), "the rows that begin with \(text)")
        try check.expect(!found.isEmpty, "no row begins with \(text)")
      }
      try check.expect(try store.deleteOne(category: "c", key: .text("%")), "deleteOne of % answered false")
      try check.expectEveryRead(store, "c", rows.filter { $0 != .text("%") })
    },
    ConformanceCheck(
      "point.key-normal-forms", "Composed and decomposed é are two keys", paragraph: "4.1"
    ) { check in
      let rows = Rows(texts: ["\u{E9}", "e\u{301}", "e", "\u{212B}", "\u{C5}", "A\u{30A}"])
      let store = try check.open(rows)
      try check.expectEqual(rows.count, 6, "the number of different keys")
      try check.expectEachRow(store, "c", rows.list)
      try check.expectEveryRead(store, "c", rows.list)
    },
    ConformanceCheck(
      "point.key-with-nul", "A NUL in a key ends nothing: what follows it tells keys apart", paragraph: "4.2"
    ) { check in
      let rows = Rows(texts: ["a", "a\0", "a\0b", "a\0c", "a\0\0", "\0", "\0a", "\0\0", "b"])
      let store = try check.open(rows)
      try check.expectEachRow(store, "c", rows.list)
      try check.expectEveryRead(store, "c", rows.list)
      try check.expect(try store.deleteOne(category: "c", key: .text("a\0b")), "deleteOne answered false")
      try check.expectEveryRead(store, "c", rows.filter { $0 != .text("a\0b") })
    },
    ConformanceCheck(
      "point.key-not-utf8", "Keys that are not UTF-8 are told apart and come back byte for byte", paragraph: "4.2"
    ) { check in
      let rows = Rows([
        [0x80], [0xC0, 0x80], [0xC1], [0xED, 0xA0, 0x80], [0xEF, 0xBF, 0xBD], [0xF5], [0xFE], [0xFF, 0xFE],
        [0x61, 0xCC],
        [0xE2, 0x82], [0xE2, 0x82, 0xAC],
      ])
      let store = try check.open(rows)
      try check.expectEachRow(store, "c", rows.list)
      try check.expectEveryRead(store, "c", rows.list)
    },
  ]

  private static let telling = [
    "null", "NULL", "nil", "undefined", "true", "false", "0", "00", "-0", "0.0", "1", "1.0", "01", "+1", " 1", "1e3",
    "1000", "0x10", "16", "NaN", "Infinity", "9223372036854775807", "9223372036854775808", "{}", "[]", "\"\"",
    "2026-01-01", "x'00'",
  ]
}
