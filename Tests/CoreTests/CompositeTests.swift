import Foundation
import PersistencyCore
import Testing

@Suite("Composites")
struct CompositeTests {
  enum Mood: String, Codable { case calm, wild }
  enum Rank: UInt8, Codable { case first = 1, last = 200 }

  struct Leaf: Codable, Equatable {
    var bytes: [UInt8]
    var id: UUID
    var when: Date
    var data: Data
    var mood: Mood
    var rank: Rank
    var one: UInt8
    var small: Int8
    var ratio: Double
  }

  struct Tree: Codable, Equatable, KeyPart {
    var name: String
    var leaf: Leaf
    var maybeText: String?
    var maybeNumber: Int32?
    var maybeBytes: [UInt8]?
    var maybeLeaf: Leaf?
    var twice: Leaf??
    var ordered: OrderedText
    var end: Bool
  }

  static let leaf = Leaf(
    bytes: [1, 2], id: UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)),
    when: Date(timeIntervalSinceReferenceDate: 1.5), data: Data([9]), mood: .wild, rank: .last, one: 7, small: -1,
    ratio: -2)

  @Test("a property that is a key part has that encoding, an enum its raw value, a nested struct its properties")
  func leaf() throws {
    var expected = Key([1, 2] as [UInt8], Self.leaf.id, Self.leaf.when, Data([9]), "wild")
    expected.append(Int64(200))
    expected.append(UInt8(7))
    expected.append(Int64(-1))
    expected.append(-2.0)
    let bytes = try PayloadCodec.parts.encode(Self.leaf)
    #expect(bytes == expected.bytes)
    let read = try PayloadCodec.parts.decode(Leaf.self, from: bytes)
    #expect(read == Self.leaf)
  }

  @Test("nil is written, so that the fields after it stay where they are")
  func optionals() throws {
    let empty = Tree(
      name: "n", leaf: Self.leaf, maybeText: nil, maybeNumber: nil, maybeBytes: nil, maybeLeaf: nil, twice: nil,
      ordered: OrderedText("o"), end: true)
    let leaf = try PayloadCodec.parts.encode(Self.leaf)
    #expect(Key(empty).bytes == Key("n").bytes + leaf + [0, 0, 0, 0, 0] + [0x6F, 0, 0, 1])
    let full = Tree(
      name: "n", leaf: Self.leaf, maybeText: "", maybeNumber: 0, maybeBytes: [], maybeLeaf: Self.leaf,
      twice: .some(nil), ordered: OrderedText(""), end: false)
    for tree in [empty, full] {
      let key = Key(tree, "after")
      #expect(key.invalidReason == nil)
      let (read, after) = try key.decode(Tree.self, String.self)
      #expect(read == tree)
      #expect(after == "after")
    }
    #expect(Key(empty) < Key(full))
  }

  // MARK: What has no key form

  struct Holding<T: Codable & Sendable>: Codable, KeyPart { var value: T }
  enum Shape: Codable { case circle(Double), empty }
  struct Refusing: Codable, KeyPart {
    struct Reason: Error {}
    init() {}
    init(from decoder: any Decoder) throws { throw Reason() }
    func encode(to encoder: any Encoder) throws { throw Reason() }
  }

  func expectInvalid(_ key: Key, _ reason: String) {
    #expect(key.invalidReason?.contains(reason) == true, "\(key.invalidReason ?? "valid")")
    let limits = BackendLimits.embedded
    let error = #expect(throws: PersistencyError.self) { try limits.check(category: "c", key: key) }
    #expect(error?.kind == .invalidArgument)
    #expect(error?.message.contains(reason) == true)
    for range in [
      KeyRange(prefix: key), KeyRange(start: key, stop: nil), KeyRange(start: Key(), stop: key),
      KeyRange.all.after(key), KeyRange.all.before(key), KeyRange(start: Key("zz"), stop: Key("zzz")).after(key),
      KeyRange(start: Key("a"), stop: Key(UInt8(0))).before(key), KeyRange(start: key, stop: nil).after(Key("zzzz")),
      KeyRange(start: key, stop: nil).before(Key()), KeyRange(start: Key(), stop: key).before(Key(UInt8(1))),
    ] {
      let error = #expect(throws: PersistencyError.self) { try limits.check(category: "c", range: range) }
      #expect(error?.kind == .invalidArgument)
    }
    for op: TxOp in [
      .put(category: "c", key: key, payload: []), .delete(category: "c", key: key),
      .expect(category: "c", key: key, payload: nil), .deletePrefix(category: "c", prefix: key),
    ] {
      let error = #expect(throws: PersistencyError.self) { try limits.check([op]) }
      #expect(error?.kind == .invalidArgument)
    }
    #expect(throws: PersistencyError.self) { try key.decode(Key.self) }
    let (longer, next, inside) = (Key(key, "more"), key.successor, Key("x", Optional(key)))
    #expect(longer.invalidReason != nil && next.invalidReason != nil && inside.invalidReason != nil)
    #expect(key != Key(rawBytes: key.bytes))
  }

  @Test("what has no key form makes the key invalid, and every use of it says why")
  func refusals() {
    expectInvalid(Key(String(repeating: "x", count: 65_536)), "65536 bytes")
    expectInvalid(Key([UInt8](repeating: 0, count: 65_536)), "65536 bytes")
    expectInvalid(Key(Holding(value: ["a": 1])), "Dictionary")
    expectInvalid(Key(Holding(value: [String: Int]?.some([:]))), "Dictionary")
    expectInvalid(Key(Holding(value: Set<Int>())), "Set")
    expectInvalid(Key(Holding(value: [1, 2, 3])), "unkeyed")
    expectInvalid(Key(Holding(value: [Int]())), "unkeyed")
    expectInvalid(Key(Holding(value: Shape.circle(1))), "associated values")
    expectInvalid(Key(Holding(value: Shape.empty)), "associated values")
    expectInvalid(Key(Holding(value: Int128(1))), "Int128")
    expectInvalid(Key(Holding(value: 0..<3)), "unkeyed")
    expectInvalid(Key(Refusing()), "Reason")
    expectInvalid(Key("good", Holding(value: [1]), "good"), "unkeyed")
  }

  @Test("a payload of what has no form says why")
  func payloads() {
    for error in [
      #expect(throws: PersistencyError.self) { try Payload.encode(Holding(value: [1])) },
      #expect(throws: PersistencyError.self) { try PayloadCodec.parts.encode(["a": 1]) },
      #expect(throws: PersistencyError.self) { try PayloadCodec.parts.encode([1, 2]) },
      #expect(throws: PersistencyError.self) { try PayloadCodec.parts.encode(Refusing()) },
      #expect(throws: PersistencyError.self) { try PayloadCodec.parts.decode([Int].self, from: [1]) },
      #expect(throws: PersistencyError.self) { try PayloadCodec.parts.decode(Refusing.self, from: [1]) },
    ] {
      #expect(error?.kind == .invalidArgument)
    }
  }

  // MARK: Depth

  final class Chain: Codable, KeyPart {
    let next: Chain?
    init(_ next: Chain?) { self.next = next }
  }

  @Test("a type that holds itself nests so deep and no deeper, whatever the bytes say")
  func depth() throws {
    var chain = Chain(nil)
    for _ in 0..<100 { chain = Chain(chain) }
    let key = Key(chain)
    #expect(key.bytes.count == 101)
    _ = try key.decode(Chain.self)
    for _ in 0..<100 { chain = Chain(chain) }
    expectInvalid(Key(chain), "nested")
    let hostile = [UInt8](repeating: 1, count: 1_000_000)
    let error = #expect(throws: PersistencyError.self) { try PayloadCodec.parts.decode(Chain.self, from: hostile) }
    #expect(error?.kind == .invalidArgument)
  }
}
