import Foundation
import PersistencyCore
import Testing

@Suite("Key parts")
struct KeyPartTests {
  /// Each value comes back, alone and in front of others, and they sort as given.
  func expectOrdered<T: KeyPart & Equatable>(_ values: [T], strictly: Bool = true) throws {
    for value in values {
      let key = Key(value)
      #expect(key.invalidReason == nil)
      let alone = try key.decode(T.self)
      #expect(alone == value)
      let (first, middle, last) = try Key("before", value, UInt8(0xFF)).decode(String.self, T.self, UInt8.self)
      #expect(first == "before" && middle == value && last == 0xFF)
      #expect(Key(value, "more").bytes.starts(with: key.bytes), "encode(a) is a prefix of encode(a, b)")
    }
    for (left, right) in zip(values, values.dropFirst()) {
      #expect(strictly ? Key(left) < Key(right) : Key(left) <= Key(right), "\(left) before \(right)")
      // What follows does not disturb the order: 0xFF after the smaller, 0x00 after the greater.
      if strictly { #expect(Key(left, UInt64.max) < Key(right, UInt64.min), "\(left) before \(right), followed") }
    }
  }

  @Test("integers of every width come back and sort as numbers")
  func integers() throws {
    func check<I: FixedWidthInteger & KeyPart>(_ type: I.Type) throws {
      try expectOrdered(I.isSigned ? [I.min, I.min + 1, 0 - 1, 0, 1, I.max - 1, I.max] : [0, 1, 2, I.max - 1, I.max])
      #expect(Key(I.max).bytes.count == (I.self == UInt8.self ? 1 : 8))
    }
    try check(Int.self)
    try check(Int8.self)
    try check(Int16.self)
    try check(Int32.self)
    try check(Int64.self)
    try check(UInt.self)
    try check(UInt8.self)
    try check(UInt16.self)
    try check(UInt32.self)
    try check(UInt64.self)
  }

  enum Channel: String, KeyPart, CaseIterable { case alpha, beta, gamma }

  @Test("an enum with text as its raw value that is not Codable is a key part, too, as that text")
  func uncodable() throws {
    for channel in Channel.allCases {
      #expect(Key(channel).bytes == Key(channel.rawValue).bytes)
      let (read, after) = try Key(channel, 1).decode(Channel.self, Int.self)
      #expect(read == channel && after == 1)
    }
    for key in [Key("delta"), Key("alpha", 1), Key(300)] {
      let error = #expect(throws: PersistencyError.self) { try key.decode(Channel.self) }
      #expect(error?.kind == .invalidArgument)
    }
  }

  @Test("an integer that does not fit the type asked for is refused")
  func narrowing() {
    #expect(throws: PersistencyError.self) { try Key(Int64(128)).decode(Int8.self) }
    #expect(throws: PersistencyError.self) { try Key(UInt64(65_536)).decode(UInt16.self) }
  }

  @Test("floating point comes back and sorts, −0 before +0, NaN last and always the same")
  func floats() throws {
    try expectOrdered([
      -Double.infinity, -Double.greatestFiniteMagnitude, -1, -Double.leastNonzeroMagnitude, 0,
      Double.leastNonzeroMagnitude, 1, Double.greatestFiniteMagnitude, .infinity,
    ])
    try expectOrdered([-Float.infinity, -1.5, 0, Float.leastNonzeroMagnitude, 1.5, .infinity])
    #expect(Key(-0.0) < Key(0.0))
    let read1 = try Key(-0.0).decode(Double.self)
    #expect(read1.sign == .minus)
    #expect(Key(Double.infinity) < Key(Double.nan))
    #expect(Key(-Double.nan) == Key(Double.signalingNaN))
    #expect(Key(Double.nan).bytes == Array(hex: "fff8000000000000"))
    let read2 = try Key(Double.nan).decode(Double.self)
    #expect(read2.isNaN)
    #expect(Key(-Float.nan) == Key(Float.nan))
    #expect(Key(Float.nan).bytes == Array(hex: "ffc00000"))
    #expect(Key(1.0).bytes == Array(hex: "bff0000000000000"))
    #expect(Key(-1.0).bytes == Array(hex: "400fffffffffffff"))
  }

  @Test("the other parts come back and sort")
  func others() throws {
    try expectOrdered([false, true])
    try expectOrdered([Int?.none, -1, 0, 7])
    try expectOrdered([Int??.none, .some(nil), 1])
    try expectOrdered([
      Date.distantPast, Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: 0.5), .distantFuture,
    ])
    try expectOrdered([
      UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
      UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
      UUID(uuid: (0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
    ])
    // Shorter first: the length is written before the bytes.
    try expectOrdered(["", "b", "z", "aa", "ab", String(repeating: "a", count: 300)])
    try expectOrdered([[], [0xFF], [0, 0], [0, 1], [UInt8](repeating: 0, count: 65_535)] as [[UInt8]])
    try expectOrdered([Data(), Data([9]), Data([1, 1])])
    let read3 = try Key(Substring("abc").dropFirst()).decode(Substring.self)
    #expect(read3 == "bc")
    #expect(Key([1, 2, 3, 4][1...2] as ArraySlice<UInt8>).bytes == [0, 2, 2, 3])
    #expect(Key(Data([1, 2, 3, 4]).dropFirst(2)).bytes == [0, 2, 3, 4])
    try expectOrdered([Color.red, .green, .blue])
    try expectOrdered([Holey.negative, .zero, .ten, .big])
  }

  enum Level: UInt8, KeyPart { case low = 3, high = 250 }
  enum Named: String, KeyPart, Codable { case a = "alpha", b = "beta!" }
  enum Wide: UInt64, KeyPart, Codable { case top = 0xFFFF_FFFF_FFFF_FFFF }

  @Test("an enum is its raw value, as Int64 or text, whatever the raw type")
  func rawValues() throws {
    #expect(Key(Level.high).bytes == Key(Int64(250)).bytes)
    let read4 = try Key(Level.high).decode(Level.self)
    #expect(read4 == Level.high)
    #expect(Key(Named.b).bytes == Key("beta!").bytes)
    let read5 = try Key(Named.a).decode(Named.self)
    #expect(read5 == Named.a)
    #expect(throws: PersistencyError.self) { try Key(Int64(4)).decode(Level.self) }
    #expect(throws: PersistencyError.self) { try Key("gamma").decode(Named.self) }
    #expect(Key(Wide.top).invalidReason?.contains("Int64.max") == true)
  }

  @Test("ordered text sorts by its UTF-8 bytes, whatever follows it")
  func orderedText() throws {
    let texts = [
      "", "\0", "\0\0", "\0a", "\u{1}", "a", "a\0", "a\0\0b", "a\u{1}", "aa", "ab", "b", "é", "e\u{301}", "持",
    ]
    .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    try expectOrdered(texts.map { OrderedText($0) })
    let bytes: [[UInt8]] = [
      [], [0], [0, 0], [0, 0xFF], [0, 0xFF, 0], [1], [0xFE, 0], [0xFF], [0xFF, 0], [0xFF, 0xFF],
    ]
    try expectOrdered(bytes.map { OrderedBytes($0) })
    for tail: UInt8 in [0x00, 0x01, 0xFE, 0xFF] {
      for text in texts {
        let (read, last) = try Key(OrderedText(text), tail, tail).decode(OrderedText.self, Key.self)
        #expect(Array(read.text.utf8) == Array(text.utf8))
        #expect(last.bytes == [tail, tail])
      }
    }
    #expect(OrderedText("é") != OrderedText("e\u{301}"))
    #expect(throws: PersistencyError.self) { try Key(rawBytes: [0x61, 0x00]).decode(OrderedText.self) }
    #expect(throws: PersistencyError.self) { try Key(rawBytes: [0x00, 0x07, 0, 0]).decode(OrderedBytes.self) }
    #expect(throws: PersistencyError.self) { try Key(rawBytes: [0xC3, 0x00, 0x00]).decode(OrderedText.self) }
  }

  @Test("composite keys sort field by field")
  func compositeOrder() {
    let sorted = [
      Key("a", Int64(-1), true), Key("a", Int64(0), false), Key("a", Int64(0), true), Key("b", Int64.min, false),
      Key("b", Int64.max, true), Key("aa", Int64.min, false),
    ]
    #expect(sorted.shuffled().sorted() == sorted)
  }

  @Test("bytes that are not these parts throw, and a whole key must be read")
  func malformed() {
    let cases: [[UInt8]] = [[], [0], [0, 5, 1], [0xFF, 0xFF], [0, 2, 0xC3, 0x28]]
    for bytes in cases {
      #expect(throws: PersistencyError.self, "\(bytes)") { try Key(rawBytes: bytes).decode(String.self) }
    }
    #expect(throws: PersistencyError.self) { try Key("a", 1).decode(String.self) }
    #expect(throws: PersistencyError.self) { try Key(rawBytes: [2]).decode(Bool.self) }
    #expect(throws: PersistencyError.self) { try Key("a").decode(Key.self, String.self) }
    #expect(throws: PersistencyError.self) { try Payload.decode([1, 2, 3], as: UInt8.self, UInt8.self) }
  }
}
