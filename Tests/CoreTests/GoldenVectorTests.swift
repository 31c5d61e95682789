import Foundation
import PersistencyCore
import Testing

/// Every vector that the original wrote, in both directions.
@Suite("Golden vectors")
struct GoldenVectorTests {
  let file: VectorFile

  init() throws {
    let url = try #require(
      Bundle.module.url(forResource: "key-encoding", withExtension: "json", subdirectory: "Fixtures"))
    file = try JSONDecoder().decode(VectorFile.self, from: Data(contentsOf: url))
  }

  @Test("every key and payload has the original's bytes, and reads back as its parts")
  func vectors() throws {
    var handled = 0
    for vector in file.vectors {
      let parts = try vector.parts.map { try $0.part() }
      var key = Key()
      for part in parts { key.append(part) }
      #expect(key.invalidReason == nil, "\(vector.name)")
      if let hex = vector.hex {
        #expect(key.bytes == Array(hex: hex), "\(vector.name)")
      } else {
        let start = try #require(vector.hex_prefix)
        #expect(key.bytes.starts(with: Array(hex: start)), "\(vector.name)")
        #expect(key.bytes.count == vector.len, "\(vector.name)")
      }
      let payload = try parts.reduce(into: [UInt8]()) { $0 += try Payload.encode(Erased($1)) }
      #expect(payload == key.bytes, "\(vector.name)")
      // Backwards, part by part; an embedded key has no end of its own and is read when it is the last.
      var rest = key
      for (index, part) in parts.enumerated() {
        if part is Key, index + 1 < parts.count {
          rest = Key(rawBytes: rest.bytes.dropFirst(Key(Erased(part)).bytes.count))
          continue
        }
        rest = try part.expectDecodes(from: rest, "\(vector.name)")
      }
      #expect(rest.bytes.isEmpty, "\(vector.name)")
      handled += 1
    }
    #expect(handled == 92)
    #expect(handled == file.vectors.count)
    #expect(Set(file.vectors.map(\.kind)) == ["key", "payload"])
  }

  @Test("objects and enums, declared as Swift types, have the same bytes")
  func objects() throws {
    var seen: Set<String> = []
    func check<T: KeyPart & Equatable & Codable>(_ name: String, _ value: T) throws {
      let vector = try #require(file.vectors.first { $0.name == name }, "\(name)")
      let bytes = Array(hex: try #require(vector.hex))
      #expect(Key(value).bytes == bytes, "\(name)")
      let read = try Key(rawBytes: bytes).decode(T.self)
      #expect(read == value, "\(name)")
      let payload = try PayloadCodec.parts.encode(value)
      #expect(payload == bytes, "\(name)")
      let row = try KvRow(key: Key(), payload: bytes).decode(T.self)
      #expect(row == value, "\(name)")
      seen.insert(name)
    }
    let everything = Everything(
      s: "s", b: [0xAB], i64: -1, i32: -2, i16: -3, i8: -4, u64: 1, u32: 2, u16: 3, u8: 4, flag: true, char: 120,
      color: .blue)
    try check("object Inner", Inner(number: 5, tag: "tag"))
    try check("payload object", Inner(number: 7, tag: "alice"))
    try check("object defaults", Outer(name: "", inner: Inner(number: 0, tag: ""), flag: false, blob: []))
    try check("object Everything", everything)
    try check("payload Everything", everything)
    try check("case object, false branch", CaseObject(isNumber: false, text: "x"))
    try check("std/options some (value, then has)", ValueThenFlag(value: 1, has: true))
    try check("results Opt some (has, then value)", OptionalNumber(value: 1))
    try check("results Opt none", OptionalNumber(value: nil))
    try check("enum cGreen", Color.green)
    try check("enum cBlue", Color.blue)
    try check("enum ordinal 10", Holey.ten)
    try check("enum ordinal 70000", Holey.big)
    try check("payload enum", Holey.negative)
    try check("tuple (int64, uint64)", Pair(first: 1, second: 7))
    try check("named tuple", Pair(first: 1, second: 7))
    // An embedded key has no end of its own, so that this one is only written.
    let name = "TxOp put as object"
    let vector = try #require(file.vectors.first { $0.name == name })
    let op = OriginalOp(category: "c", key: Key("k"), kind: .put, payload: [1])
    #expect(Key(op).bytes == Array(hex: try #require(vector.hex)))
    seen.insert(name)

    let composite = file.vectors.filter { vector in
      vector.parts.count == 1 && ["object", "enum"].contains(vector.parts[0].type)
    }
    #expect(Set(composite.map(\.name)).isSubset(of: seen))
  }

  @Test("prefix ranges are the original's")
  func prefixRanges() {
    for vector in file.prefix_ranges {
      let range = KeyRange(prefix: Key(rawBytes: Array(hex: vector.prefix_hex)))
      #expect(range.start.bytes == Array(hex: vector.start_hex), "\(vector.name)")
      #expect(range.stop?.bytes == (vector.open_ended ? nil : Array(hex: vector.stop_hex)), "\(vector.name)")
    }
    #expect(file.prefix_ranges.count == 14)
  }

  @Test("keys sort as the original sorted them")
  func sortOrders() {
    for vector in file.sort_orders {
      let sorted = vector.input.map { Key(rawBytes: Array(hex: $0.hex)) }.sorted()
      #expect(sorted == vector.sorted.map { Key(rawBytes: Array(hex: $0.hex)) }, "\(vector.name)")
    }
    #expect(file.sort_orders.count == 6)
  }
}

// MARK: The original's types

struct Inner: Codable, Equatable, KeyPart {
  var number: Int64
  var tag: String
}

struct Outer: Codable, Equatable, KeyPart {
  var name: String
  var inner: Inner
  var flag: Bool
  var blob: [UInt8]
}

enum Color: Int, Codable, KeyPart { case red, green, blue }
enum Holey: Int32, Codable, KeyPart { case negative = -5, zero = 0, ten = 10, big = 70_000 }

struct Everything: Codable, Equatable, KeyPart {
  var s: String, b: [UInt8], i64: Int64, i32: Int32, i16: Int16, i8: Int8, u64: UInt64, u32: UInt32, u16: UInt16
  var u8: UInt8, flag: Bool, char: UInt8, color: Color
}

/// Of the variants, the one with text.
struct CaseObject: Codable, Equatable, KeyPart {
  var isNumber: Bool
  var text: String
}

struct ValueThenFlag: Codable, Equatable, KeyPart {
  var value: Int64
  var has: Bool
}

struct OptionalNumber: Codable, Equatable, KeyPart { var value: Int64? }

struct Pair: Codable, Equatable, KeyPart {
  var first: Int64
  var second: UInt64
}

struct OriginalOp: Codable, KeyPart {
  enum Kind: Int, Codable { case put, delete }
  var category: String, key: Key, kind: Kind, payload: [UInt8]
}
