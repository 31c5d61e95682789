import Foundation

@testable import PersistencyCore

/// What must hold of any bytes that are read as a key.
package enum KeyProperties {
  enum Mood: String, Codable, KeyPart { case calm, wild }
  enum Rank: Int32, Codable, KeyPart { case last = -5, none = 0, first = 70_000 }

  struct Leaf: Codable, Equatable, KeyPart {
    var bytes: [UInt8]
    var number: Int32?
    var mood: Mood
    var id: UUID
  }

  struct Tree: Codable, Equatable, KeyPart {
    var name: String
    var leaf: Leaf
    var other: Leaf?
    var twice: Int64??
    var rank: Rank
    var ordered: OrderedText
    var end: Bool
  }

  /// The first byte chooses what the others are read as.
  package static func check(_ bytes: [UInt8]) throws {
    guard let choice = bytes.first else { return }
    let rest = Array(bytes.dropFirst())
    try readings[Int(choice) % readings.count](rest)
    try checkOrders(rest)
    try checkRanges(rest)
  }

  // MARK: Reading back

  private static let readings: [@Sendable ([UInt8]) throws -> Void] = [
    { try read($0, String.self) }, { try read($0, Substring.self) }, { try read($0, [UInt8].self) },
    { try read($0, ArraySlice<UInt8>.self) }, { try read($0, Data.self) }, { try read($0, Int.self) },
    { try read($0, Int8.self) }, { try read($0, Int16.self) }, { try read($0, Int32.self) },
    { try read($0, UInt.self) },
    { try read($0, UInt8.self) }, { try read($0, UInt16.self) }, { try read($0, UInt32.self) },
    { try read($0, UInt64.self) }, { try read($0, Bool.self) }, { try read($0, UUID.self) }, { try read($0, Key.self) },
    { try read($0, OrderedText.self) }, { try read($0, OrderedBytes.self) }, { try read($0, Mood.self) },
    { try read($0, Rank.self) }, { try read($0, Leaf.self) }, { try read($0, Tree.self) },
    { try read($0, String?.self) },
    { try read($0, Leaf??.self) }, { try read($0, String.self, Int64.self) },
    { try read($0, Bool.self, OrderedText.self, UInt8.self) }, { try read($0, Int64.self, Tree.self, Key.self) },
    { try readNumbers($0, Double.self) }, { try readNumbers($0, Float.self) }, { try readNumbers($0, Date.self) },
  ]

  /// What comes out as these parts encodes as the same bytes again; all else is refused with one kind of error.
  private static func read<each Part: KeyPart>(_ bytes: [UInt8], _ type: repeat (each Part).Type) throws {
    do throws(PersistencyError) {
      let parts = try Key(rawBytes: bytes).decode(repeat each type)
      let again = Key(repeat each parts)
      if again.invalidReason != nil || again.bytes != bytes { throw PersistencyError(.backend, "it became \(again)") }
    } catch {
      try BrokenProperty.unless(error.kind == .invalidArgument, "\(Key(rawBytes: bytes)) was read: \(error)")
    }
  }

  /// A NaN has one form only: what is read encodes as itself from the second time on.
  private static func readNumbers<Part: KeyPart>(_ bytes: [UInt8], _ type: Part.Type) throws {
    guard let part = try? Key(rawBytes: bytes).decode(type) else { return }
    let once = Key(part)
    let readAgain: Part = try once.decode(type)
    let twice = Key(readAgain)
    try BrokenProperty.unless(once == twice && once.bytes.count == bytes.count, "\(once) was read as \(twice)")
  }

  // MARK: Order

  /// Two halves that are both values of a type sort as these do.
  private static func checkOrders(_ bytes: [UInt8]) throws {
    let (left, right) = (Key(rawBytes: bytes.prefix(bytes.count / 2)), Key(rawBytes: bytes.suffix(bytes.count / 2)))
    try compare(left, right, Int64.self)
    try compare(left, right, UInt64.self)
    try compare(left, right, UInt8.self)
    try compare(left, right, Double.self)
    try compare(left, right, Float.self)
    try compare(left, right, Date.self)
    try compare(left, right, OrderedText.self)
    try compare(left, right, OrderedBytes.self)
    // Text that is not ordered sorts by its length first.
    if let one = try? left.decode(String.self), let other = try? right.decode(String.self) {
      let (one, other) = (Array(one.utf8), Array(other.utf8))
      let isLess = one.count == other.count ? one.lexicographicallyPrecedes(other) : one.count < other.count
      try BrokenProperty.unless(
        isLess == (left < right), "\(left) and \(right) are not in the order of length and bytes")
    }
  }

  private static func compare<Part: KeyPart & Comparable>(_ left: Key, _ right: Key, _ type: Part.Type) throws {
    guard let one = try? left.decode(type), let other = try? right.decode(type) else { return }
    // Encoded again: a NaN sorts where its one form does.
    let (left, right) = (Key(one), Key(other))
    if one < other { try BrokenProperty.unless(left < right, "\(one) < \(other), but \(left) ≥ \(right)") }
    if other < one { try BrokenProperty.unless(right < left, "\(other) < \(one), but \(right) ≥ \(left)") }
  }

  // MARK: Ranges

  private static func checkRanges(_ bytes: [UInt8]) throws {
    let length = Int(bytes.first ?? 0) % (bytes.count + 1)
    let prefix = Key(rawBytes: bytes.prefix(length))
    for key in [Key(rawBytes: bytes), Key(rawBytes: bytes.dropFirst(length))] {
      try BrokenProperty.unless(
        KeyRange(prefix: prefix).contains(key) == key.bytes.starts(with: prefix.bytes),
        "the prefix \(prefix) has or has not \(key)")
      try BrokenProperty.unless(
        key < key.successor && !KeyRange.all.after(key).contains(key)
          && KeyRange.all.after(key).contains(key.successor),
        "what comes after \(key)")
      try BrokenProperty.unless(
        !KeyRange.all.before(key).contains(key) && (key.bytes.isEmpty || KeyRange.all.before(key).contains(Key())),
        "what comes before \(key)")
    }
    let range = KeyRange(start: prefix, stop: Key(rawBytes: bytes.dropFirst(length)))
    try BrokenProperty.unless(!range.isEmpty || !range.contains(range.start), "\(range) is empty, and is not")
  }
}
