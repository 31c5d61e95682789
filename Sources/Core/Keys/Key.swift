/// A key: bytes, in unsigned bytewise order.
///
/// Made from typed parts, `Key("chan", Int64(7))`, whose bytes are concatenated; ``KeyPart`` tells the encoding of
/// each. Text sorts by length first, because its length is written before it; use ``OrderedText`` for alphabetical
/// order.
///
/// A part that has no key form (text over 65,535 bytes, a dictionary, an enum with associated values…) makes the key
/// *invalid*: ``invalidReason`` says why, and every operation with it throws `.invalidArgument`.
public struct Key: Sendable {
  /// The encoded bytes.
  public let bytes: [UInt8]
  @usableFromInline let fault: KeyFault?

  @inlinable
  init(bytes: [UInt8], fault: KeyFault?) {
    self.bytes = bytes
    self.fault = fault
  }

  /// A key of the parts' bytes, one after the other; no parts make the empty key.
  ///
  /// - Complexity: O(length in bytes).
  public init<each Part: KeyPart>(_ part: repeat each Part) {
    var encoder = KeyEncoder()
    repeat (each part).encode(into: &encoder)
    self = encoder.finish()
  }

  /// A key of exactly these bytes.
  @inlinable
  public init(rawBytes: some Sequence<UInt8>) {
    self.init(bytes: Array(rawBytes), fault: nil)
  }

  /// Adds one more part at the end.
  public mutating func append(_ part: some KeyPart) {
    var encoder = KeyEncoder(continuing: self)
    part.encode(into: &encoder)
    self = encoder.finish()
  }

  /// The parts this key was made of.
  ///
  /// - Parameter type: The type of each part, in order: `try key.decode(String.self, Int64.self)`.
  /// - Throws: `.invalidArgument` when the bytes are not these parts, exactly: malformed, too short, or too long.
  public func decode<each Part: KeyPart>(
    _ type: repeat (each Part).Type
  ) throws(PersistencyError) -> (repeat each Part) {
    if let fault { throw fault.error }
    var decoder = KeyDecoder(bytes)
    let parts = (repeat try (each type).decode(from: &decoder))
    try decoder.finish()
    return parts
  }

  /// The next key in byte order: these bytes and a zero.
  public var successor: Key { Key(bytes: bytes + [0], fault: fault) }

  /// Why no operation takes this key, or nil for a good one.
  public var invalidReason: String? { fault?.reason }
}

/// Why a key is invalid; by reference, so that a good key pays one nil word for it.
@usableFromInline
final class KeyFault: Sendable {
  let reason: String

  init(_ reason: String) { self.reason = reason }

  var error: PersistencyError { PersistencyError(.invalidArgument, "invalid key: \(reason)") }
}

extension Key: Hashable {
  public static func == (left: Key, right: Key) -> Bool {
    left.bytes == right.bytes && left.fault?.reason == right.fault?.reason
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension Key: Comparable {
  /// Unsigned bytewise order; a key sorts before those it is a prefix of.
  public static func < (left: Key, right: Key) -> Bool {
    if left.bytes.precedes(right.bytes) { return true }
    // Of two keys with the same bytes a good one comes first, so that `<` and `==` agree on invalid ones too.
    guard let fault = right.fault, left.bytes == right.bytes else { return false }
    return left.fault.map { $0.reason < fault.reason } ?? true
  }
}

extension Key: Codable {
  /// As its bytes: in JSON, an array of numbers; as a part of a composite, verbatim.
  public func encode(to encoder: any Encoder) throws {
    if let fault { throw fault.error }
    var container = encoder.singleValueContainer()
    try container.encode(bytes)
  }

  public init(from decoder: any Decoder) throws {
    self.init(rawBytes: try decoder.singleValueContainer().decode([UInt8].self))
  }
}

extension Key: CustomStringConvertible {
  /// `hex:` and the bytes in hexadecimal.
  public var description: String {
    if let fault { return "invalid key (\(fault.reason))" }
    return "hex:" + bytes.hexadecimal
  }
}
