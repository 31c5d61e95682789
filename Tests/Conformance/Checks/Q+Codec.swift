import Foundation
import PersistencyCore

extension ConformanceCheck {
  /// Q: keys of every part type come out of a store in the order of their values, and as they went in.
  static let codec: [ConformanceCheck] = [
    ordered("int8", "Int8", [Int8.min, -127, -1, 0, 1, 126, .max]),
    ordered("int16", "Int16", [Int16.min, -256, -255, -1, 0, 1, 255, 256, .max]),
    ordered("int32", "Int32", [Int32.min, -65_536, -1, 0, 1, 65_535, 65_536, .max]),
    ordered(
      "int64", "Int64", [Int64.min, .min + 1, -4_294_967_296, -256, -1, 0, 1, 255, 4_294_967_296, .max - 1, .max]),
    ordered("int", "Int", [Int.min, -1_000_000, -10, -9, -1, 0, 1, 9, 10, 1_000_000, .max]),
    ordered("uint8", "UInt8", [UInt8.min, 1, 127, 128, 254, .max]),
    ordered("uint16", "UInt16", [UInt16.min, 1, 255, 256, 32_767, 32_768, .max]),
    ordered("uint32", "UInt32", [UInt32.min, 1, 65_536, 1 << 31 - 1, 1 << 31, .max]),
    ordered("uint64", "UInt64", [UInt64.min, 1, 255, 256, 1 << 63 - 1, 1 << 63, .max - 1, .max]),
    ordered("uint", "UInt", [UInt.min, 1, 9, 10, 99, 100, 1 << 62, .max]),
    ordered("bool", "Bool", [false, true]),
    ordered(
      "text", "String, the shorter before the longer",
      ["", "a", "b", "z", "aa", "ab", "b\0", "zz", "é", "aaa", "€"]),
    ordered("substring", "Substring", ["", "x", "yy"].map { Substring($0) }),
    ordered("bytes", "[UInt8], the shorter before the longer", [[], [0], [1], [0xFF], [0, 0], [0, 1], [0xFF, 0]]),
    ordered("data", "Data", [Data(), Data([0]), Data([0xFF]), Data([0, 0])]),
    ordered(
      "ordered-text", "OrderedText, alphabetically",
      ["", "\0", "\0\0", "\0a", "a", "a\0", "a\0\0", "a\0b", "a\u{1}", "aa", "ab", "b", "z", "é", "€", "😀"].map {
        OrderedText($0)
      }),
    ordered(
      "ordered-bytes", "OrderedBytes, in the natural order of bytes",
      [
        [], [0], [0, 0], [0, 0xFF], [0, 0xFF, 0], [1], [1, 0], [0x80], [0xFE, 0xFF], [0xFF], [0xFF, 0], [0xFF, 0xFF],
      ].map {
        OrderedBytes($0)
      }),
    ordered(
      "double", "Double, NaN last and −0 before +0",
      [
        -Double.infinity, -.greatestFiniteMagnitude, -1.5, -1, -.leastNonzeroMagnitude, -0.0, 0.0,
        .leastNonzeroMagnitude,
        .ulpOfOne, 1, 1.5, .greatestFiniteMagnitude, .infinity, .nan,
      ].map { Bits(double: $0) }),
    ordered(
      "float", "Float, NaN last and −0 before +0",
      [-Float.infinity, -1, -.leastNonzeroMagnitude, -0.0, 0.0, .leastNonzeroMagnitude, 1, .infinity, .nan].map {
        FloatBits(float: $0)
      }),
    ordered(
      "date", "Date, in time",
      [-1e12, -1, -0.001, 0, 0.001, 1, 774_000_000.25, 1e12].map {
        Date(timeIntervalSinceReferenceDate: $0)
      }),
    ordered(
      "uuid", "UUID, by its bytes",
      [
        "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001",
        "7FFFFFFF-0000-0000-0000-000000000000", "80000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
      ].compactMap { UUID(uuidString: $0) }),
    ordered("optional", "Optional, nil first", [Int64?.none, .some(.min), .some(-1), .some(0), .some(.max)]),
    ordered(
      "optional-text", "Optional text, nil before the empty one",
      [OrderedText?.none, OrderedText(""), OrderedText("a")]),
    ordered(
      "integer-enum", "an enum with integer raw values, negative ones first", [Level.low, .none, .high, .highest]),
    ordered("text-enum", "an enum with text raw values, as the text", [Colour.red, .blue, .green]),
    ordered("key", "Key, by its bytes", [[], [0], [0, 0], [1], [0xFF], [0xFF, 0]].map { Key(rawBytes: $0) }),
    ordered(
      "composite", "a struct, field by field in declaration order",
      [
        Entry(name: OrderedText(""), level: .high, count: 9), Entry(name: OrderedText("a"), level: .low, count: 9),
        Entry(name: OrderedText("a"), level: .none, count: -1), Entry(name: OrderedText("a"), level: .none, count: 0),
        Entry(name: OrderedText("a"), level: .none, count: 0, note: OrderedText("")),
        Entry(name: OrderedText("a"), level: .none, count: 0, note: OrderedText("x")),
        Entry(name: OrderedText("a\0"), level: .low, count: -9), Entry(name: OrderedText("ab"), level: .low, count: -9),
      ]),
    ordered(
      "nested-composite", "a struct within a struct, the inner fields where the inner struct stands",
      [
        Outer(first: 1, inner: Entry(name: OrderedText("z"), level: .low, count: 1), last: false),
        Outer(first: 2, inner: Entry(name: OrderedText("a"), level: .low, count: 1), last: false),
        Outer(first: 2, inner: Entry(name: OrderedText("a"), level: .low, count: 1), last: true),
        Outer(first: 2, inner: Entry(name: OrderedText("a"), level: .low, count: 2), last: false),
        Outer(first: 2, inner: Entry(name: OrderedText("b"), level: .low, count: 0), last: false),
      ]),
  ]

  /// The values, in ascending order, put shuffled: the scan gives them sorted, the reverse scan the other way round, and each key
  /// decodes to its value.
  private static func ordered<Part: KeyPart & Equatable>(
    _ name: String, _ what: String, _ values: [Part]
  ) -> ConformanceCheck {
    ConformanceCheck(
      "codec.\(name)", "Keys of \(what): a store sorts them so, and they decode to the values they were made of",
      paragraph: "3"
    ) { check in
      let store = try check.open()
      var generator = SeededGenerator(seed: check.seed)
      for (place, value) in values.enumerated().shuffled(using: &generator) {
        try store.applyOps([.put(category: "c", key: Key(value), payload: Array("\(place)".utf8))])
      }
      for reverse in [false, true] {
        let rows = try store.scanRange(category: "c", range: .all, reverse: reverse)
        let wanted = reverse ? values.reversed() : values
        try check.expectEqual(rows.count, values.count, "the number of different keys")
        for (row, value) in zip(rows, wanted) {
          try check.expectEqual(try row.key.decode(Part.self), value, "a key of the scan, decoded")
        }
        let places = rows.map { Int(String(decoding: $0.payload, as: UTF8.self)) ?? -1 }
        try check.expectEqual(places, reverse ? values.indices.reversed() : Array(values.indices), "the order")
      }
      // As a bound each value splits the others.
      for (place, value) in values.enumerated() {
        let below = try store.countRange(category: "c", range: .all.before(Key(value)))
        try check.expectEqual(below, place, "the keys before \(value)")
      }
    }
  }
}

/// A `Double` that equals another only when all bits are the same.
private struct Bits: KeyPart, Equatable {
  let bits: UInt64

  init(double: Double) { bits = double.bitPattern }

  func encode(into encoder: inout KeyEncoder) { Double(bitPattern: bits).encode(into: &encoder) }

  static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Bits {
    Bits(double: try Double.decode(from: &decoder))
  }
}

private struct FloatBits: KeyPart, Equatable {
  let bits: UInt32

  init(float: Float) { bits = float.bitPattern }

  func encode(into encoder: inout KeyEncoder) { Float(bitPattern: bits).encode(into: &encoder) }

  static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> FloatBits {
    FloatBits(float: try Float.decode(from: &decoder))
  }
}

enum Level: Int8, KeyPart, Codable {
  case low = -5
  case none = 0
  case high = 5
  case highest = 127
}

// In the order of their raw values: the shorter text first.
enum Colour: String, KeyPart, Codable {
  case red, blue, green
}

struct Entry: KeyPart, Codable, Equatable {
  var name: OrderedText
  var level: Level
  var count: Int
  var note: OrderedText?
}

struct Outer: KeyPart, Codable, Equatable {
  var first: UInt16
  var inner: Entry
  var last: Bool
}
