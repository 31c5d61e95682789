import PersistencyCore

extension ConformanceCheck {
  /// Proves that keys of one length work by every call, beside shorter and longer ones.
  private static func length(_ size: Int) -> ConformanceCheck {
    ConformanceCheck(
      "bytes.key-of-\(size)", "A key of \(size) bytes is put, read, scanned, counted, overwritten and deleted",
      paragraph: "4.10", unless: { $0.limits.keyBytes < size ? "its keys end at \($0.limits.keyBytes) bytes" : nil }
    ) { check in
      let bytes = [UInt8].pattern(size)
      let below = Array(bytes.dropLast()) + [bytes[size - 1] &- 1]
      let rows = Rows([bytes, Array(bytes.dropLast()), below, Array(bytes.prefix(3)), .text("~~~")])
      let store = try check.open(rows)
      let key = Key(rawBytes: bytes)
      try check.expectEqual(rows.count, 5, "the number of different keys")
      try check.expectEachRow(store, "c", rows.list)
      try check.expectEveryRead(store, "c", rows.list)
      try check.expectRows(try store.visitedAll().map(\.row), rows.list, "visitAll")
      let own = rows.filter { $0.isSame(as: bytes) }
      try check.expectEveryRead(store, "c", KeyRange(prefix: key), own, "its own prefix")
      try store.put("c", key, .text("again"))
      try check.expectPayload(try store.getOne(category: "c", key: key), .text("again"))
      try check.expect(try store.deleteOne(category: "c", key: key), "deleteOne answered false")
      try check.expect(try !store.deleteOne(category: "c", key: key), "a second deleteOne answered true")
      try check.expectNoneOf(store, "c", own)
      try check.expectEveryRead(store, "c", rows.without(own), "the rest")
    }
  }

  static let longKeys: [ConformanceCheck] =
    [510, 511, 512, 513, 1_024, 4_096, 65_535].map { length($0) } + [
      ConformanceCheck(
        "bytes.key-lengths", "Keys of one byte value and every length from 0 to 1,100 are all there, by length",
        paragraph: "4.10"
      ) { check in
        let longest = min(1_100, check.fixture.limits.keyBytes)
        let rows = Rows((0...longest).map { [UInt8](repeating: 0x61, count: $0) })
        let store = try check.open(rows)
        try check.expectEqual(rows.list.map(\.key.bytes.count), Array(0...longest), "the model's lengths")
        try check.expectEachRow(store, "c", rows.list)
        try check.expectEveryRead(store, "c", rows.list)
      },
      ConformanceCheck(
        "bytes.key-lengths-under-long-category",
        "Under a category of the greatest length the same key lengths work, beside a short category", paragraph: "4.10"
      ) { check in
        let category = String(repeating: "k", count: check.fixture.limits.categoryBytes)
        let sizes = [0, 1, 254, 255, 256, 257, 258, 509, 510, 511, 512, 513, 766, 767, 1_021, 1_022, 1_023]
        let rows = Rows(check.clamped(sizes, to: check.fixture.limits.keyBytes).map { .pattern($0) })
        let store = try check.open(rows, category: category)
        try check.fill(store, Rows(texts: ["beside"]), category: "k")
        try check.expectEachRow(store, category, rows.list)
        try check.expectEveryRead(store, category, rows.list)
        try check.expectEveryRead(store, "k", Rows(texts: ["beside"]).list)
      },
      ConformanceCheck(
        "bytes.last-byte-of-600", "Keys that share 600 bytes and differ in the last one are told apart and in order",
        paragraph: "4.1"
      ) { check in
        let shared = [UInt8].pattern(min(600, check.fixture.limits.keyBytes - 1))
        let rows = Rows((0...255).map { shared + [UInt8($0)] })
        let store = try check.open(rows)
        try check.expectEachRow(store, "c", rows.list)
        try check.expectEveryRead(store, "c", rows.list)
        let range = KeyRange(start: Key(rawBytes: shared + [0x7E]), stop: Key(rawBytes: shared + [0x82]))
        try check.expectEveryRead(store, "c", range, Array(rows.list[0x7E..<0x82]), "the middle")
        try check.expectNoneOf(store, "c", Rows([shared, Array(shared.dropLast())]).list)
      },
      ConformanceCheck(
        "bytes.differing-place", "Long keys that differ in one byte, at whatever place, are told apart and in order",
        paragraph: "4.1"
      ) { check in
        let size = min(1_600, check.fixture.limits.keyBytes)
        let places = [0, 1, 250, 254, 255, 256, 490] + Array(494...516) + Array(988...1_030) + [1_500, size - 1]
        let base = [UInt8](repeating: 0x55, count: size)
        let rows = Rows(
          places.filter { $0 < size }.flatMap { place in
            [UInt8(0x54), 0x56].map { byte in
              var key = base
              key[place] = byte
              return key
            }
          } + [base])
        let store = try check.open(rows)
        try check.expectEachRow(store, "c", rows.list)
        try check.expectEveryRead(store, "c", rows.list)
      },
      ConformanceCheck(
        "bytes.own-prefixes",
        "A long key and all its prefixes are rows of their own, and deleting some leaves the others",
        paragraph: "4.1"
      ) { check in
        let whole = [UInt8].pattern(min(1_100, check.fixture.limits.keyBytes), seed: 3)
        let rows = Rows((0...whole.count).map { Array(whole.prefix($0)) })
        let store = try check.open(rows)
        try check.expectEachRow(store, "c", rows.list)
        try check.expectEveryRead(store, "c", rows.list)
        let gone = rows.list.filter { $0.key.bytes.count % 3 == 0 }
        try store.applyOps(gone.map { .delete(category: "c", key: $0.key) })
        try check.expectNoneOf(store, "c", gone)
        try check.expectEveryRead(store, "c", rows.without(gone), "the rest")
      },
      ConformanceCheck(
        "bytes.short-beside-long", "Short keys sort among long ones by their bytes, whatever the lengths",
        paragraph: "4.1"
      ) { check in
        let size = min(700, check.fixture.limits.keyBytes)
        let rows = Rows(
          (0...255).flatMap { byte in
            [[UInt8(byte)], [UInt8](repeating: UInt8(byte), count: size), [UInt8(byte), 0x80]]
          })
        let store = try check.open(rows)
        try check.expectEachRow(store, "c", rows.list)
        try check.expectEveryRead(store, "c", rows.list)
      },
      ConformanceCheck(
        "bytes.long-key-under-deleted-siblings", "A long key stays when all its siblings are deleted, and goes last",
        paragraph: "4.9"
      ) { check in
        let shared = [UInt8].pattern(min(1_300, check.fixture.limits.keyBytes - 1))
        let rows = Rows((0..<40).map { shared + [UInt8($0 * 5)] })
        let store = try check.open(rows)
        for row in rows.list where row.key != rows.list[17].key {
          try check.expect(try store.deleteOne(category: "c", key: row.key), "deleteOne answered false")
        }
        try check.expectEveryRead(store, "c", [rows.list[17]])
        try check.expect(try store.deleteOne(category: "c", key: rows.list[17].key), "deleteOne answered false")
        try check.expectEmpty(store)
        try check.fill(store, rows, category: "c")
        try check.expectEveryRead(store, "c", rows.list, "the rows put anew")
      },
    ]
}
