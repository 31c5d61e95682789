import Foundation
import PersistencyCore
import Testing

@Suite("Keys and ranges")
struct KeyTests {
  @Test("keys compare by unsigned bytes, a prefix first, and equal keys hash equally")
  func order() {
    let sorted: [[UInt8]] = [[], [0], [0, 0], [0, 0xFF], [1], [0x7F], [0x80], [0xFE, 0xFF], [0xFF], [0xFF, 0]]
    let keys = sorted.map { Key(rawBytes: $0) }
    #expect(keys.shuffled().sorted() == keys)
    #expect(Set(keys + keys).count == keys.count)
    for (index, key) in keys.enumerated() {
      #expect(key < key.successor)
      #expect(!keys.contains { $0 > key && $0 < key.successor }, "nothing between \(index) and its successor")
      #expect(key.successor.bytes == key.bytes + [0])
    }
    let invalid = Key(String(repeating: "x", count: 70_000))
    #expect(Key() < invalid && !(invalid < Key()) && invalid != Key())
  }

  @Test("a key is made from literals, from parts one by one, or from raw bytes")
  func making() throws {
    #expect(Key("a", 1).bytes == Array(hex: "0001618000000000000001"))
    var key = Key("a")
    key.append(1)
    #expect(key == Key("a", 1))
    #expect(Key().bytes.isEmpty)
    #expect(Key(rawBytes: [1, 2, 3, 4].dropFirst(2)).bytes == [3, 4])
    #expect(Key(rawBytes: "ab".utf8).bytes == [0x61, 0x62])
    #expect(Key(Key("a"), Key(1)) == Key("a", 1))
    #expect("\(Key(UInt8(10)))" == "hex:0a")
    let json = try JSONEncoder().encode([Key(UInt8(10), UInt8(255))])
    #expect(String(decoding: json, as: UTF8.self) == "[[10,255]]")
    #expect(try JSONDecoder().decode([Key].self, from: json) == [Key(rawBytes: [10, 255])])
  }

  @Test("a prefix range has exactly the keys that begin with the prefix")
  func prefixes() {
    let bytes: [UInt8] = [0, 1, 0xFE, 0xFF]
    var keys = [Key()]
    for first in bytes {
      keys.append(Key(rawBytes: [first]))
      for second in bytes {
        keys.append(Key(rawBytes: [first, second]))
        for third in bytes { keys.append(Key(rawBytes: [first, second, third])) }
      }
    }
    for prefix in keys {
      let range = KeyRange(prefix: prefix)
      for key in keys {
        #expect(range.contains(key) == key.bytes.starts(with: prefix.bytes), "\(key) under \(prefix)")
      }
    }
  }

  @Test("ranges are half-open, an empty stop is none, and start past stop is empty")
  func ranges() {
    #expect(KeyRange(start: Key("a"), stop: Key()).stop == nil)
    #expect(KeyRange.all == KeyRange(prefix: Key()))
    #expect(KeyRange(start: Key("b"), stop: Key("a")).isEmpty)
    #expect(KeyRange(start: Key("a"), stop: Key("a")).isEmpty)
    let range = KeyRange(start: Key(UInt8(10)), stop: Key(UInt8(20)))
    #expect(range.contains(Key(UInt8(10))) && !range.contains(Key(UInt8(20))))
    // Forward.
    #expect(range.after(Key(UInt8(12))) == KeyRange(start: Key(rawBytes: [12, 0]), stop: Key(UInt8(20))))
    #expect(range.after(Key(UInt8(3))) == range)
    #expect(range.after(Key(UInt8(20))).isEmpty)
    #expect(KeyRange.all.after(Key()).start == Key(rawBytes: [0]))
    // Backward.
    #expect(range.before(Key(UInt8(12))) == KeyRange(start: Key(UInt8(10)), stop: Key(UInt8(12))))
    #expect(range.before(Key(UInt8(30))) == range)
    #expect(range.before(Key(UInt8(5))).isEmpty)
    #expect(KeyRange.all.before(Key()).isEmpty)
    #expect(!KeyRange.all.before(Key()).contains(Key()))
    #expect(range.before(Key()).isEmpty)
    #expect(KeyRange.all.before(Key(UInt8(1))) == KeyRange(start: Key(), stop: Key(UInt8(1))))
  }

  @Test("ops name categories by bytes: composed and decomposed é are two")
  func categories() {
    let composed = TxOp.delete(category: "é", key: Key("k"))
    let decomposed = TxOp.delete(category: "e\u{301}", key: Key("k"))
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed, composed]).count == 2)
  }
}

@Suite("Payload codecs")
struct PayloadCodecTests {
  struct Note: Codable, Equatable { var title: String, stars: Int?, tags: [UInt8] }

  @Test("parts, JSON and a codec of one's own bring a value back")
  func roundTrips() throws {
    let note = Note(title: "t", stars: nil, tags: [1, 2])
    let backwards = PayloadCodec(
      encode: { try PayloadCodec.json.encode($0).reversed() },
      decode: { try JSONDecoder().decode($0, from: Data($1.reversed())) })
    for codec in [PayloadCodec.parts, .json, backwards] {
      let payload = try codec.encode(note)
      let read = try KvRow(key: Key("k"), payload: payload).decode(Note.self, codec: codec)
      #expect(read == note)
    }
    let json = try PayloadCodec.json.encode(note)
    #expect(String(decoding: json, as: UTF8.self) == #"{"tags":[1,2],"title":"t"}"#)
    #expect(try PayloadCodec.parts.encode("hello") == Payload.encode("hello"))
    let (text, number) = try Payload.decode(Payload.encode("v1", 7), as: String.self, Int.self)
    #expect(text == "v1" && number == 7)
  }

  @Test("what a codec throws comes out as an invalid argument")
  func failures() {
    struct Broken: Error {}
    let codec = PayloadCodec(encode: { _ in throw Broken() }, decode: { _, _ in 5 })
    let cases: [() throws -> Void] = [
      { _ = try codec.encode(1) }, { _ = try codec.decode(String.self, from: []) },
      { _ = try PayloadCodec.json.decode(Note.self, from: [1, 2]) },
      { _ = try PayloadCodec.parts.decode(Note.self, from: [1, 2]) },
      { _ = try PayloadCodec.parts.decode(Bool.self, from: [1, 1]) },
    ]
    for attempt in cases {
      let error = #expect(throws: PersistencyError.self) { try attempt() }
      #expect(error?.kind == .invalidArgument)
    }
  }
}
