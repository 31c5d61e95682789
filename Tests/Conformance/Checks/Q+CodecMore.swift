import PersistencyCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ConformanceCheck {
  /// Q: keys of several parts, malformed ones, and payloads.
  static let codecOfParts: [ConformanceCheck] = [
    ConformanceCheck(
      "codec.parts-in-order", "Keys of several parts sort by the first part, then by the second, then by the third",
      paragraph: "3"
    ) { check in
      let store = try check.open()
      var wanted: [(OrderedText, Int64, Bool)] = []
      for text in ["", "a", "a\0", "ab", "b"] {
        for number in [Int64.min, -1, 0, 1, .max] {
          for flag in [false, true] { wanted.append((OrderedText(text), number, flag)) }
        }
      }
      var generator = SeededGenerator(seed: check.seed)
      try store.applyOps(
        wanted.shuffled(using: &generator).map { .put(category: "c", key: Key($0.0, $0.1, $0.2), payload: []) })
      let rows = try store.scanRange(category: "c", range: .all)
      try check.expectEqual(rows.count, wanted.count, "the number of keys")
      for (row, want) in zip(rows, wanted) {
        let (text, number, flag) = try row.key.decode(OrderedText.self, Int64.self, Bool.self)
        try check.expect(text == want.0 && number == want.1 && flag == want.2, "\((text, number, flag)), not \(want)")
      }
    },
    ConformanceCheck(
      "codec.first-part-is-a-prefix",
      "A key of the first part is a prefix that finds exactly the keys which begin with it",
      paragraph: "3"
    ) { check in
      let store = try check.open()
      let names = ["", "a", "aa", "b", "a\0", "\u{FF}"]
      try store.applyOps(
        names.flatMap { name in (0..<3).map { .put(category: "c", key: Key(name, Int64($0)), payload: []) } })
      for name in names {
        let rows = try store.scanPrefix(category: "c", prefix: Key(name))
        let found = try rows.map { try $0.key.decode(String.self, Int64.self) }
        try check.expectEqual(found.map(\.0), [name, name, name], "the first parts below \(name)")
        try check.expectEqual(found.map(\.1), [0, 1, 2], "the second parts below \(name)")
      }
      try store.applyOps([.deletePrefix(category: "c", prefix: Key("a"))])
      try check.expectEqual(
        try store.countRange(category: "c", range: .all), 3 * (names.count - 1), "the rows after a delete-prefix")
    },
    ConformanceCheck(
      "codec.append-continues", "A key that grows by append is the key made of all its parts at once", paragraph: "3"
    ) { check in
      let store = try check.open()
      var key = Key("chan")
      key.append(Int64(7))
      key.append(UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)))
      try store.applyOps([.put(category: "c", key: key, payload: [1])])
      let whole = Key("chan", Int64(7), UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)))
      try check.expectEqual(try store.getOne(category: "c", key: whole), [1], "the row by the whole key")
    },
    ConformanceCheck(
      "codec.bytes-are-fixed", "A visitor is lent the bytes that the encoding table fixes for each part", paragraph: "3"
    ) { check in
      let store = try check.open()
      let table: [(Key, [UInt8])] = [
        (Key(), []), (Key("ab"), [0, 2, 0x61, 0x62]), (Key([UInt8]([9])), [0, 1, 9]),
        (Key(Int64(0)), [0x80, 0, 0, 0, 0, 0, 0, 0]), (Key(-1), [0x7F] + [UInt8](repeating: 0xFF, count: 7)),
        (Key(Int8(1)), [0x80, 0, 0, 0, 0, 0, 0, 1]), (Key(UInt16(1)), [0, 0, 0, 0, 0, 0, 0, 1]), (Key(UInt8(7)), [7]),
        (Key(true), [1]), (Key(Level.low), [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFB]),
        (Key(Colour.red), [0, 3, 0x72, 0x65, 0x64]), (Key(OrderedText("a\0")), [0x61, 0, 0xFF, 0, 0]),
        (Key(Int64?.none), [0]), (Key(Bool?.some(true)), [1, 1]), (Key(1.0), [0xBF, 0xF0, 0, 0, 0, 0, 0, 0]),
        (Key("a", Key(rawBytes: [0xFE])), [0, 1, 0x61, 0xFE]),
      ]
      for (place, (key, bytes)) in table.enumerated() {
        let category = "c\(place)"
        try store.applyOps([.put(category: category, key: key, payload: [])])
        var lent: [[UInt8]] = []
        try store.visit(category: category) { key, _ in
          lent.append([UInt8](copying: key))
          return .next
        }
        try check.expectEqual(lent, [bytes], "the bytes of row \(place)")
      }
    },
    ConformanceCheck(
      "codec.successor-is-next", "No key lies between a key and its successor", paragraph: "3"
    ) { check in
      let store = try check.open()
      let keys = [[], [0], [0, 0], [1], [1, 0], [0xFF], [0xFF, 0xFF]].map { Key(rawBytes: $0) }
      try store.applyOps(keys.map { .put(category: "c", key: $0, payload: []) })
      for key in keys {
        let rows = try store.scanRange(category: "c", range: KeyRange(start: key, stop: key.successor))
        try check.expectEqual(rows.map(\.key), [key], "the keys from a key to its successor")
      }
    },
    ConformanceCheck(
      "codec.pages", "Paging by `after` and by `before` gives each row once, forwards and backwards", paragraph: "3"
    ) { check in
      let store = try check.open([.set("", "0")] + (0..<100).map { .set(numbered($0), "1") } + [.set("\u{7F}", "2")])
      let all = try store.texts()
      for size in [1, 7, 51, 102, 200] {
        for reverse in [false, true] {
          var range = KeyRange.all
          var found: [String] = []
          while true {
            let page = try store.scanRange(category: "c", range: range, reverse: reverse, limit: size)
            guard let last = page.last else { break }
            found += page.map(\.plain)
            try check.expect(found.count <= all.count, "more rows than there are")
            range = reverse ? range.before(last.key) : range.after(last.key)
          }
          try check.expectEqual(found, reverse ? all.reversed() : all, "the rows in pages of \(size)")
        }
      }
    },
    malformed("too-short", "bytes too short for their parts", [[0], [0, 3, 0x61], [0x80, 0, 0]]) {
      _ = try $0.decode(String.self, Int64.self)
    },
    malformed("too-long", "bytes left over behind their parts", [[1, 1], [0, 0], [1, 0, 0]]) {
      _ = try $0.decode(Bool.self)
    },
    malformed("flag", "a Bool that is neither 0 nor 1", [[2], [0xFF]]) { _ = try $0.decode(Bool.self) },
    malformed("optional-flag", "an Optional whose flag is neither 0 nor 1", [[2, 0, 0], [0xFF]]) {
      _ = try $0.decode(Optional<String>.self)
    },
    malformed("text", "text that is not UTF-8", [[0, 1, 0xFF], [0, 2, 0xC3, 0x28]]) { _ = try $0.decode(String.self) },
    malformed(
      "ordered-text", "ordered text without its end, or with a wrong escape", [[0x61], [0x61, 0], [0, 7, 0, 0]]
    ) {
      _ = try $0.decode(OrderedText.self)
    },
    malformed("narrow-integer", "an integer too wide for its type", [[0x80, 0, 0, 0, 0, 0, 1, 0]]) {
      _ = try $0.decode(Int8.self)
    },
    malformed("raw-value", "a raw value that no case has", [[0x80, 0, 0, 0, 0, 0, 0, 1]]) {
      _ = try $0.decode(Level.self)
    },
    malformed("text-raw-value", "a text that no case has", [[0, 1, 0x78]]) { _ = try $0.decode(Colour.self) },
    malformed(
      "composite", "a struct cut short", [[], [0x61, 0, 0], [0x61, 0, 0] + [UInt8](repeating: 0x80, count: 12)]
    ) {
      _ = try $0.decode(Entry.self)
    },
    ConformanceCheck(
      "codec.payload-parts", "Payloads of parts come back from a store as the parts they were made of", paragraph: "3"
    ) { check in
      let store = try check.open()
      let payload = try Payload.encode("text", Int64(-7), true, [UInt8]([0, 0xFF]), Bits16(value: 500), Int?.none)
      try store.applyOps([.put(category: "c", key: Key(plain: "k"), payload: payload)])
      let found = try store.getOne(category: "c", key: Key(plain: "k")) ?? []
      let parts = try Payload.decode(
        found, as: String.self, Int64.self, Bool.self, [UInt8].self, Bits16.self, Optional<Int>.self)
      try check.expect(
        parts.0 == "text" && parts.1 == -7 && parts.2 && parts.3 == [0, 0xFF] && parts.4.value == 500 && parts.5 == nil,
        "the parts are \(parts)")
      try check.expectError(.invalidArgument, "decoding other parts") { _ = try Payload.decode(found, as: Bool.self) }
      try check.expectError(.invalidArgument, "encoding too long a text") {
        _ = try Payload.encode(String(repeating: "t", count: 65_536))
      }
    },
    payloadCodec("parts", .parts), payloadCodec("json", .json),
    payloadCodec(
      "custom",
      PayloadCodec(
        encode: { value in try PayloadCodec.json.encode(value).map { $0 ^ 0xFF } },
        decode: { type, payload in try PayloadCodec.json.decode(type, from: payload.map { $0 ^ 0xFF }) })),
    ConformanceCheck(
      "codec.failing-codec", "What a codec of the caller's own throws comes out as `.invalidArgument`", paragraph: "3"
    ) { check in
      struct Refusal: Error {}
      let codec = PayloadCodec(encode: { _ in throw Refusal() }, decode: { _, _ in throw Refusal() })
      let store = try check.open([.set("k", "v")])
      try check.expectError(.invalidArgument, "encoding") { _ = try codec.encode(1) }
      guard let row = try store.scanRange(category: "c", range: .all).first else { throw check.failure("no row") }
      try check.expectError(.invalidArgument, "decoding") { _ = try row.decode(Int.self, codec: codec) }
    },
  ]

  /// Such bytes are stored and read as any key, and decoding them throws.
  private static func malformed(
    _ name: String, _ what: String, _ keys: [[UInt8]], _ decode: @escaping @Sendable (Key) throws -> Void
  ) -> ConformanceCheck {
    ConformanceCheck(
      "codec.malformed-\(name)",
      "A key that is \(what) is stored like any other, and decoding it is `.invalidArgument`",
      paragraph: "3"
    ) { check in
      let store = try check.open()
      for bytes in keys {
        try store.applyOps([.clear(), .put(category: "c", key: Key(rawBytes: bytes), payload: [1])])
        let rows = try store.scanRange(category: "c", range: .all)
        try check.expectEqual(rows.map(\.key.bytes), [bytes], "the bytes of the key")
        for row in rows { try check.expectError(.invalidArgument, "decoding \(row.key)") { try decode(row.key) } }
      }
    }
  }

  /// A struct goes through a store and comes back; bytes that are none of it throw.
  private static func payloadCodec(_ name: String, _ codec: PayloadCodec) -> ConformanceCheck {
    ConformanceCheck(
      "codec.payloads-\(name)", "Values that a payload codec (\(name)) wrote come back equal from a store",
      paragraph: "3"
    ) { check in
      let store = try check.open()
      let values = [
        Entry(name: OrderedText("a\0b"), level: .low, count: .min),
        Entry(name: OrderedText(""), level: .none, count: 0),
        Entry(name: OrderedText("é"), level: .highest, count: .max, note: OrderedText("note")),
      ]
      for (place, value) in values.enumerated() {
        try store.applyOps([.put(category: "c", key: Key(place), payload: try codec.encode(value))])
      }
      let rows = try store.scanRange(category: "c", range: .all)
      try check.expectEqual(try rows.map { try $0.decode(Entry.self, codec: codec) }, values, "the values")
      try store.applyOps([.put(category: "c", key: Key(9), payload: [0xFF, 0xFE, 0xFD])])
      let last = try store.scanRange(category: "c", range: .all, reverse: true, limit: 1)
      try check.expectEqual(last.count, 1, "the rows read back")
      for row in last {
        try check.expectError(.invalidArgument, "decoding other bytes") { _ = try row.decode(Entry.self, codec: codec) }
      }
    }
  }
}

/// A part of an adapter author's own: two bytes.
private struct Bits16: KeyPart {
  let value: UInt16

  func encode(into encoder: inout KeyEncoder) {
    encoder.append(UInt8(value >> 8))
    encoder.append(UInt8(value & 0xFF))
  }

  static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Bits16 {
    let high = try decoder.readByte()
    return Bits16(value: UInt16(high) << 8 | UInt16(try decoder.readByte()))
  }
}
