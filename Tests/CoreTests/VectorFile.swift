import PersistencyCore
import Testing

/// The file of golden vectors; its field names are the file's.
struct VectorFile: Decodable {
  struct Vector: Decodable {
    let name: String, kind: String, parts: [VectorPart], hex: String?, hex_prefix: String?, len: Int?
  }

  struct PrefixRange: Decodable {
    let name: String, prefix_hex: String, start_hex: String, stop_hex: String, open_ended: Bool
  }

  struct SortOrder: Decodable {
    struct Labelled: Decodable { let label: String, hex: String }
    let name: String, input: [Labelled], sorted: [Labelled]
  }

  let vectors: [Vector], prefix_ranges: [PrefixRange], sort_orders: [SortOrder]
}

/// One part of a vector.
struct VectorPart: Decodable {
  /// A number or a truth value, or text: the file gives wide integers as text.
  enum Scalar: Decodable {
    case text(String), number(Int), flag(Bool)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? container.decode(Int.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }

    func integer<I: FixedWidthInteger>(_ type: I.Type) -> I? {
      switch self {
      case .text(let text): I(text)
      case .number(let number): I(exactly: number)
      case .flag: nil
      }
    }
  }

  let type: String
  let value: Scalar?
  let hex: String?
  let hex_utf8: String?
  let `repeat`: String?
  let count: Int?
  let ord: String?
  let fields: [VectorPart]?

  /// The part as a value of ours.
  func part() throws -> any VectorValue {
    switch type {
    case "string":
      if let unit = self.repeat { return String(repeating: unit, count: try #require(count)) }
      // Bytes that are no UTF-8 have no Swift string: the same length and bytes, as bytes.
      if let hex_utf8 { return [UInt8](hex: hex_utf8) }
      return try #require(value?.text)
    case "bytes": return [UInt8](hex: try #require(hex))
    case "key": return Key(rawBytes: [UInt8](hex: try #require(hex)))
    case "int64": return try integer(Int64.self)
    case "int": return try integer(Int.self)
    case "int32": return try integer(Int32.self)
    case "int16": return try integer(Int16.self)
    case "int8": return try integer(Int8.self)
    case "uint64": return try integer(UInt64.self)
    case "uint32": return try integer(UInt32.self)
    case "uint16": return try integer(UInt16.self)
    case "byte", "char": return try integer(UInt8.self)
    case "bool":
      let flag = value.flatMap(\.flag)
      guard let flag else { throw UnknownPart(type: "bool without a value") }
      return flag
    case "enum":
      guard let number = ord.flatMap({ Int64($0) }) else { throw UnknownPart(type: "enum without a number") }
      return number
    case "tuple", "object": return Sequenced(parts: try #require(fields).map { try $0.part() })
    default: throw UnknownPart(type: type)
    }
  }

  private func integer<I: FixedWidthInteger>(_ type: I.Type) throws -> I { try #require(value?.integer(type)) }

  struct UnknownPart: Error { let type: String }
}

/// A part that can be compared with what it decodes as.
protocol VectorValue: KeyPart {
  /// Reads this part from the front of `key`, expects it to be equal, and gives what is left.
  func expectDecodes(from key: Key, _ note: Comment) throws -> Key
}

extension VectorValue where Self: Equatable {
  func expectDecodes(from key: Key, _ note: Comment) throws -> Key {
    let (part, rest) = try key.decode(Self.self, Key.self)
    #expect(part == self, note)
    return rest
  }
}

extension String: VectorValue {}
extension [UInt8]: VectorValue {}
extension Bool: VectorValue {}
extension Int: VectorValue {}
extension Int64: VectorValue {}
extension Int32: VectorValue {}
extension Int16: VectorValue {}
extension Int8: VectorValue {}
extension UInt64: VectorValue {}
extension UInt32: VectorValue {}
extension UInt16: VectorValue {}
extension UInt8: VectorValue {}

extension Key: VectorValue {
  func expectDecodes(from key: Key, _ note: Comment) throws -> Key {
    let read = try key.decode(Key.self)
    #expect(read == self, note)
    return Key()
  }
}

/// A tuple or object, field by field.
struct Sequenced: VectorValue {
  let parts: [any VectorValue]

  func encode(into encoder: inout KeyEncoder) { for part in parts { part.encode(into: &encoder) } }

  static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Sequenced {
    throw decoder.malformed("a sequence of parts does not know their types")
  }

  func expectDecodes(from key: Key, _ note: Comment) throws -> Key {
    var rest = key
    for (index, part) in parts.enumerated() {
      if part is Key, index + 1 < parts.count {
        rest = Key(rawBytes: rest.bytes.dropFirst(Key(Erased(part)).bytes.count))
      } else {
        rest = try part.expectDecodes(from: rest, note)
      }
    }
    return rest
  }
}

/// Any part, where the type has to be known.
struct Erased: KeyPart {
  let part: any KeyPart

  init(_ part: any KeyPart) { self.part = part }

  func encode(into encoder: inout KeyEncoder) { part.encode(into: &encoder) }

  static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Erased {
    throw decoder.malformed("an erased part does not know its type")
  }
}

extension [UInt8] {
  /// The bytes of hexadecimal text.
  init(hex: String) {
    let digits = hex.utf8.map { UInt8($0 <= 0x39 ? $0 &- 0x30 : $0 &- 0x61 &+ 10) }
    self = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
