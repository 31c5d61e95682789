import PersistencyCore
import Testing

/// Types that write their own `encode(to:)` and `init(from:)`, in all the ways that Codable lets them.
@Suite("Composites that code themselves")
struct CompositeCodingTests {
  struct Optionals: Codable, Equatable, KeyPart {
    var bool: Bool?
    var text: String?
    var double: Double?
    var float: Float?
    var int: Int?
    var int8: Int8?
    var int16: Int16?
    var int32: Int32?
    var int64: Int64?
    var uint: UInt?
    var uint8: UInt8?
    var uint16: UInt16?
    var uint32: UInt32?
    var uint64: UInt64?
    var int128: Int128?
    var uint128: UInt128?
  }

  @Test("an optional of each primitive type is a 0, or a 1 and the part, and sorts with nil first")
  func optionals() throws {
    let none = Optionals()
    #expect(Key(none).bytes == [UInt8](repeating: 0, count: 16))
    let all = Optionals(
      bool: true, text: "t", double: -2, float: 0.5, int: -1, int8: -8, int16: -16, int32: 32, int64: .min, uint: .max,
      uint8: 255, uint16: 16, uint32: 32, uint64: 64)
    var expected = Key(Bool?.some(true), String?.some("t"), Double?.some(-2), Float?.some(0.5), Int?.some(-1))
    expected.append(Key(Int8?.some(-8), Int16?.some(-16), Int32?.some(32), Int64?.some(.min), UInt?.some(.max)))
    expected.append(Key(UInt8?.some(255), UInt16?.some(16), UInt32?.some(32), UInt64?.some(64)))
    #expect(Key(all).bytes == expected.bytes + [0, 0])
    for value in [none, all] {
      #expect(try Key(value).decode(Optionals.self) == value)
      #expect(try PayloadCodec.parts.decode(Optionals.self, from: Payload.encode(value)) == value)
    }
    #expect(Key(none) < Key(all))
    // There is no part of 128 bits, only their absence.
    #expect(Key(Optionals(int128: 1)).invalidReason?.contains("Int128") == true)
    #expect(Key(Optionals(uint128: 1)).invalidReason?.contains("UInt128") == true)
    for byte in [14, 15] {
      var bytes = [UInt8](repeating: 0, count: 16)
      bytes[byte] = 1
      let error = #expect(throws: PersistencyError.self) { try Key(rawBytes: bytes).decode(Optionals.self) }
      #expect(error?.kind == .invalidArgument)
    }
  }

  /// One value, without a container around it.
  struct Meters: Codable, Equatable, KeyPart {
    var value: Int
    init(_ value: Int) { self.value = value }
    init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(Int.self) }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(value)
    }
  }

  @Test("a value that encodes as another is that other")
  func single() throws {
    #expect(Key(Meters(-3)).bytes == Key(-3).bytes)
    #expect(try Key(Meters(-3)).decode(Meters.self) == Meters(-3))
    #expect(Key(Meters(-3)) < Key(Meters(2)))
  }

  class Base: Codable {
    let name: String
    init(name: String) { self.name = name }
  }

  final class Derived: Base, KeyPart, @unchecked Sendable {
    // Sendable: neither class has anything that changes.
    enum Names: CodingKey { case number, parent, flag }
    let number: Int
    let flag: Bool

    init(name: String, number: Int, flag: Bool) {
      (self.number, self.flag) = (number, flag)
      super.init(name: name)
    }
    required init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Names.self)
      // What asks first is told that it is there: there are no names in the bytes.
      guard fields.contains(.number), fields.allKeys.isEmpty, fields.codingPath.isEmpty, decoder.userInfo.isEmpty else {
        throw PersistencyError(.invalidArgument, "names in the bytes")
      }
      number = try fields.decode(Int.self, forKey: .number)
      flag = try fields.decode(Bool.self, forKey: .flag)
      try super.init(from: flag ? fields.superDecoder(forKey: .parent) : fields.superDecoder())
    }
    override func encode(to encoder: any Encoder) throws {
      guard encoder.codingPath.isEmpty && encoder.userInfo.isEmpty else { return }
      var fields = encoder.container(keyedBy: Names.self)
      try fields.encode(number, forKey: .number)
      try fields.encode(flag, forKey: .flag)
      try super.encode(to: flag ? fields.superEncoder(forKey: .parent) : fields.superEncoder())
    }
  }

  @Test("what a base class encodes stands where the derived one has it encode", arguments: [false, true])
  func inherited(flag: Bool) throws {
    let key = Key(Derived(name: "base", number: 7, flag: flag))
    #expect(key.bytes == Key(7, flag, "base").bytes)
    let read = try key.decode(Derived.self)
    #expect(read.name == "base" && read.number == 7 && read.flag == flag)
  }

  // MARK: What cannot be

  /// Does one thing that has no key form, both ways.
  struct Odd: Codable, KeyPart {
    enum Way: Int, CaseIterable {
      case nilField, nilValue, nilElement, list, nested, nestedList, keyedElement, listElement, superElement
    }
    enum Names: CodingKey { case field }
    var done: Way

    init(_ way: Way) { done = way }

    func encode(to encoder: any Encoder) throws {
      switch done {
      case .nilField:
        var fields = encoder.container(keyedBy: Names.self)
        try fields.encodeNil(forKey: .field)
      case .nilValue:
        var value = encoder.singleValueContainer()
        try value.encodeNil()
      case .nilElement:
        var list = encoder.unkeyedContainer()
        try list.encodeNil()
      case .list:
        var fields = encoder.container(keyedBy: Names.self)
        var list = fields.nestedUnkeyedContainer(forKey: .field)
        // A type that hides what it is told is refused all the same.
        try? list.encode(1)
      case .nested:
        var fields = encoder.container(keyedBy: Names.self)
        var inner = fields.nestedContainer(keyedBy: Names.self, forKey: .field)
        try inner.encode(1, forKey: .field)
      case .nestedList:
        var list = encoder.unkeyedContainer()
        var inner = list.nestedUnkeyedContainer()
        try? inner.encode(1)
      case .keyedElement:
        var list = encoder.unkeyedContainer()
        var inner = list.nestedContainer(keyedBy: Names.self)
        try inner.encode(1, forKey: .field)
      case .listElement:
        let list = encoder.unkeyedContainer()
        // It never has anything.
        if list.count > 0 || !list.codingPath.isEmpty { return }
      case .superElement:
        var list = encoder.unkeyedContainer()
        try 1.encode(to: list.superEncoder())
      }
    }

    init(from decoder: any Decoder) throws {
      // The bytes cannot say which: a number before them does.
      let fields = try decoder.container(keyedBy: Names.self)
      done = Way(rawValue: try fields.decode(Int.self, forKey: .field)) ?? .nilField
      switch done {
      case .nilField: _ = try fields.decodeNil(forKey: .field)
      case .nested: _ = try fields.nestedContainer(keyedBy: Names.self, forKey: .field)
      case .nestedList: _ = try fields.nestedUnkeyedContainer(forKey: .field)
      case .list: _ = try decoder.unkeyedContainer()
      default: return
      }
    }
  }

  @Test(
    "nil by itself, lists and nested containers make a key invalid, whether or not the type looks",
    arguments: Odd.Way.allCases)
  func odd(_ way: Odd.Way) throws {
    let key = Key("before", Odd(way))
    let reason = try #require(key.invalidReason)
    let wanted =
      switch way {
      case .nilField: "encodeIfPresent"
      case .nilValue: "Optional"
      case .nested: "nested container"
      default: "unkeyed"
      }
    #expect(reason.contains(wanted), "\(reason)")
    #expect(throws: PersistencyError.self) { try Payload.encode(Odd(way)) }
  }

  @Test("and cannot be read", arguments: [Odd.Way.nilField, .nested, .nestedList, .list])
  func oddly(_ way: Odd.Way) {
    let error = #expect(throws: PersistencyError.self) { try Key(way.rawValue).decode(Odd.self) }
    #expect(error?.kind == .invalidArgument, "\(String(describing: error))")
  }

  /// Reads what may be nil as a value of its own.
  struct Maybe: Codable, KeyPart {
    var value: Int
    init(from decoder: any Decoder) throws {
      let single = try decoder.singleValueContainer()
      value = single.decodeNil() || !single.codingPath.isEmpty ? -1 : try single.decode(Int.self)
    }
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
  }

  @Test("a value that may be nil by its own account never is: nil is written by Optional")
  func maybe() throws {
    #expect(try Key(5).decode(Maybe.self).value == 5)
    let none = try Key(Maybe?.none).decode(Maybe?.self)
    #expect(none?.value == nil)
  }
}
