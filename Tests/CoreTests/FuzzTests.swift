import Foundation
import PersistencyCore
import Testing

@Suite("Malformed bytes")
struct FuzzTests {
  /// A seeded generator: the same bytes on every machine.
  struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  /// What comes out of `bytes` as these parts encodes as the same bytes again; else decoding throws.
  static func probe<each Part: KeyPart>(_ bytes: [UInt8], _ type: repeat (each Part).Type) -> Bool {
    do throws(PersistencyError) {
      let parts = try Key(rawBytes: bytes).decode(repeat each type)
      #expect(Key(repeat each parts).bytes == bytes)
      return true
    } catch {
      #expect(error.kind == .invalidArgument)
      return false
    }
  }

  static let probes: [@Sendable ([UInt8]) -> Bool] = [
    { probe($0, String.self) }, { probe($0, Substring.self) }, { probe($0, [UInt8].self) }, { probe($0, Data.self) },
    { probe($0, Int.self) }, { probe($0, Int8.self) }, { probe($0, Int16.self) }, { probe($0, Int32.self) },
    { probe($0, Int64.self) }, { probe($0, UInt.self) }, { probe($0, UInt8.self) }, { probe($0, UInt16.self) },
    { probe($0, UInt32.self) }, { probe($0, UInt64.self) }, { probe($0, Bool.self) }, { probe($0, UUID.self) },
    { probe($0, Key.self) }, { probe($0, OrderedText.self) }, { probe($0, OrderedBytes.self) },
    { probe($0, String?.self) }, { probe($0, Int64??.self) }, { probe($0, Color.self) }, { probe($0, Holey.self) },
    { probe($0, Inner.self) }, { probe($0, Outer.self) }, { probe($0, Everything.self) },
    { probe($0, OptionalNumber.self) }, { probe($0, Pair.self) }, { probe($0, String.self, Int64.self) },
    { probe($0, Bool.self, OrderedText.self, UInt8.self) }, { probe($0, CompositeTests.Tree.self) },
  ]

  @Test("100,000 random byte strings throw or read back, and never trap")
  func random() {
    var random = SplitMix(state: 7)
    var read = 0
    for round in 0..<100_000 {
      let count = Int.random(in: 0..<40, using: &random)
      // Mostly small bytes: lengths, flags and terminators that make sense now and then.
      let bytes = (0..<count).map { _ in
        Bool.random(using: &random)
          ? UInt8.random(in: 0...3, using: &random) : UInt8.random(in: 0...255, using: &random)
      }
      // Every probe sees every thirty-first string and its neighbours; the cheap numbers see NaNs besides.
      for offset in 0..<4 where Self.probes[(round + offset * 7) % Self.probes.count](bytes) { read += 1 }
      if let number = try? Key(rawBytes: bytes).decode(Double.self), !number.isNaN {
        #expect(Key(number).bytes == bytes)
      }
      _ = try? Key(rawBytes: bytes).decode(Float.self, Date.self)
    }
    #expect(read > 1_000, "random bytes that mean something are too rare to prove anything")
  }

  @Test("good keys with one byte changed, cut or added throw or read back")
  func mutated() {
    var random = SplitMix(state: 11)
    let leaf = CompositeTests.leaf
    let tree = CompositeTests.Tree(
      name: "name", leaf: leaf, maybeText: "text", maybeNumber: 5, maybeBytes: [1], maybeLeaf: leaf, twice: nil,
      ordered: OrderedText("a\0b"), end: true)
    let good = Key(tree).bytes
    #expect(Self.probe(good, CompositeTests.Tree.self))
    for _ in 0..<3_000 {
      var bytes = good
      let at = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.removeSubrange(at...)
      default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
      }
      // A changed float may be a NaN, which has one form only.
      _ = try? Key(rawBytes: bytes).decode(CompositeTests.Tree.self)
    }
  }
}
