import PersistencyCore

extension ConformanceCheck {
  /// B: arbitrary bytes, in one order.
  static let bytesAndOrder: [ConformanceCheck] =
    emptyKeys + orders + longKeys + longKeyRanges + keyLimits + randomKeys

  /// Puts the keys in an order drawn from the seed, and expects the order given here from every read.
  private static func order(
    _ id: String, _ rule: String, paragraph: String = "4.1", _ keys: @escaping @Sendable () -> [[UInt8]]
  ) -> ConformanceCheck {
    ConformanceCheck(id, rule, paragraph: paragraph) { check in
      let inOrder = keys().map { KvRow(key: Key(rawBytes: $0), payload: Rows.payload(of: $0)) }
      let store = try check.open(Rows(sorted: inOrder))
      try check.expectEachRow(store, "c", inOrder)
      try check.expectEveryRead(store, "c", inOrder)
      try check.expectRows(try store.visitedAll().map(\.row), inOrder, "visitAll")
    }
  }

  private static let emptyKeys: [ConformanceCheck] = [
    ConformanceCheck("bytes.empty-key", "The empty key is a key: put, read, overwritten, deleted", paragraph: "4.2") {
      check in
      let store = try check.open()
      try store.put("c", Key(), .text("one"))
      try check.expectPayload(try store.getOne(category: "c", key: Key()), .text("one"))
      try check.expect(try store.existsOne(category: "c", key: Key()), "the empty key does not exist")
      try store.put("c", Key(), .text("two"))
      try check.expectEveryRead(store, "c", [KvRow(key: Key(), payload: .text("two"))])
      try store.delete("c", Key())
      try check.expectPayload(try store.getOne(category: "c", key: Key()), nil)
      try check.expectEmpty(store)
    },
    ConformanceCheck(
      "bytes.empty-key-missing", "The empty key is missing until it is put, whatever else is there", paragraph: "4.2"
    ) { check in
      let store = try check.open(Rows(texts: ["\0", "a"]))
      try check.expectPayload(try store.getOne(category: "c", key: Key()), nil)
      try check.expect(try !store.existsOne(category: "c", key: Key()), "the empty key exists")
      try check.expect(try !store.deleteOne(category: "c", key: Key()), "deleteOne of the empty key answered true")
      try check.expectEveryRead(store, "c", Rows(texts: ["\0", "a"]).list)
    },
    ConformanceCheck(
      "bytes.empty-key-delete-one", "deleteOne of the empty key removes it alone", paragraph: "4.9"
    ) { check in
      let store = try check.open(Rows([[], [0], [0, 0], [1]]))
      try check.expect(try store.deleteOne(category: "c", key: Key()), "deleteOne answered false")
      try check.expectEveryRead(store, "c", Rows([[0], [0, 0], [1]]).list)
    },
    ConformanceCheck(
      "bytes.empty-key-in-ranges", "The empty key is in the ranges that start empty, and in no other", paragraph: "4.2"
    ) { check in
      let rows = Rows([[], [0], [0, 0], [1]])
      let store = try check.open(rows)
      let all = rows.list
      try check.expectEveryRead(store, "c", KeyRange(start: Key(), stop: .raw(0)), [all[0]], "up to 00")
      try check.expectEveryRead(store, "c", KeyRange(start: Key(), stop: .raw(0, 0)), Array(all[0...1]), "up to 0000")
      try check.expectEveryRead(store, "c", KeyRange(start: .raw(0), stop: nil), Array(all[1...]), "from 00")
      try check.expectEveryRead(store, "c", KeyRange(start: Key(), stop: Key()), all, "empty to empty")
    },
    ConformanceCheck(
      "bytes.no-key-is-reserved",
      "The empty category takes every one-byte key and those an engine might keep for itself, and shows no other",
      paragraph: "4.2"
    ) { check in
      let own: [[UInt8]] = ["persistency", "meta", "\0meta", "version", "format", "__format__"].map { .text($0) }
      let marks: [[UInt8]] = [[], [0], [0xFE], [0xFF], [0xFF, 0xFF]]
      let marked = marks.flatMap { mark in own.map { mark + $0 } }
      let bytes: [[UInt8]] = (0...255).map { [UInt8($0)] }
      let rows = Rows(bytes + marked + [[]])
      let store = try check.open(rows, category: "")
      try check.expectEachRow(store, "", rows.list)
      try check.expectEveryRead(store, "", rows.list)
      try check.expectRows(try store.visitedAll().map(\.row), rows.list, "visitAll")
      try check.expectEqual(try store.categories(), [""], "the list of categories")
      try store.deleteRange("", .all)
      try check.expectEmpty(store, "")
      try check.fill(store, Rows(texts: ["a"]), category: "c")
      try check.expectEveryRead(store, "c", Rows(texts: ["a"]).list)
    },
  ]

  private static let orders: [ConformanceCheck] = [
    order("order.empty-first", "The empty key comes before all others, even before 00") {
      [[], [0], [0, 0], [1], [0xFF]]
    },
    order("order.zeroes", "Keys of zero bytes alone order by their length, and before 01") {
      (0...9).map { [UInt8](repeating: 0, count: $0) } + [[0, 0, 0, 1], [0, 1], [1]]
    },
    order("order.ones", "Keys of FF bytes alone order by their length, and after all others") {
      [[0xFE], [0xFE, 0xFF, 0xFF]] + (1...9).map { [UInt8](repeating: 0xFF, count: $0) }
    },
    order("order.prefix-first", "A key comes before those that it is a prefix of") {
      ["a", "a\0", "a\0a", "a\u{1}", "a ", "aa", "aa\0", "aaa", "ab", "b"].map { .text($0) }
    },
    order("order.one-byte-keys", "The 256 one-byte keys order from 00 to FF") { (0...255).map { [UInt8($0)] } },
    order("order.unsigned", "Bytes compare unsigned: 7F comes before 80") {
      [[0x00, 0x80], [0x01], [0x7F], [0x7F, 0xFF], [0x80], [0x80, 0x00], [0x80, 0x7F], [0x80, 0x80], [0xFF]]
    },
    order("order.not-numeric", "Numbers in text order by their characters, not by their value") {
      ["-1", "-2", "0", "1", "1.5", "10", "100", "11", "2", "20", "3", "9", "99"].map { .text($0) }
    },
    order("order.case", "Upper case comes before lower case, as its bytes do") {
      ["A", "B", "Z", "a", "aB", "aa", "b", "z"].map { .text($0) }
    },
    order("order.multi-byte-text", "Text orders by its UTF-8 bytes, not by a language's rules") {
      ["a", "e", "z", "~", "Ä", "ä", "é", "ÿ", "Ā", "Ω", "я", "א", "€", "日本", "日本語", "本", "😀"].map { .text($0) }
    },
    order("order.not-utf16", "U+FFFF comes before U+10000, as in UTF-8 and not as in UTF-16") {
      ["\u{D7FF}", "\u{E000}", "\u{FFFD}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}"].map { .text($0) }
    },
    order("order.eight-byte-words", "Keys of eight bytes order by their bytes, not as machine words") {
      [
        [0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0],
        [0x7F, 0, 0, 0, 0, 0, 0, 0xFF], [0x80, 0, 0, 0, 0, 0, 0, 0], [0xFF, 0, 0, 0, 0, 0, 0, 0],
      ]
    },
    order("order.typed-integers", "Signed integers as key parts order by their value, across zero", paragraph: "3") {
      [Int64.min, -1_000_000, -256, -255, -1, 0, 1, 255, 256, 65_536, Int64.max].map { Key("n", $0).bytes }
    },
    order("order.short-alphabet", "All keys of up to four bytes of 00, 01, 7F, 80 and FF are in order") {
      // In order by construction: a key, then all that begin with it.
      func all(_ prefix: [UInt8]) -> [[UInt8]] {
        [prefix] + (prefix.count == 4 ? [] : [0x00, 0x01, 0x7F, 0x80, 0xFF].flatMap { all(prefix + [$0]) })
      }
      return all([])
    },
    ConformanceCheck(
      "order.insertion-order", "Rows put ascending, descending and shuffled, in one batch or one by one, scan the same",
      paragraph: "4.1"
    ) { check in
      let rows = Rows((0..<60).map { .text("row \($0)") })
      let store = try check.open()
      var generator = SeededGenerator(seed: check.seed)
      try store.put(rows.list, category: "up")
      try store.put(rows.list.reversed(), category: "down")
      try store.put(rows.list.shuffled(using: &generator), category: "shuffled")
      for row in rows.list.shuffled(using: &generator) { try store.put([row], category: "single") }
      for category in ["up", "down", "shuffled", "single"] {
        try check.expectEveryRead(store, category, rows.list, category)
      }
    },
    ConformanceCheck(
      "order.successor", "From a key to its successor there is exactly the one row, for every kind of key",
      paragraph: "3"
    ) { check in
      let long = min(600, check.fixture.limits.keyBytes - 2)
      let ends: [[UInt8]] = [[], [0], [0, 0], [0xFF], [0xFF, 0xFF], .text("a"), .text("a\0"), .text("ab")]
      let rows = Rows(
        ends
          + [long - 1, long, long + 1].flatMap { size in
            [0x00, 0x41, 0xFF].map { [UInt8](repeating: $0, count: size) }
          })
      let store = try check.open(rows)
      for row in rows.list {
        let range = KeyRange(start: row.key, stop: row.key.successor)
        try check.expectEveryRead(store, "c", range, [row], "the range of \(row.key.bytes.shown) alone")
      }
    },
  ]
}
