/// A key: bytes, in unsigned bytewise order.
///
/// Made from typed parts, `Key("chan", Int64(7))`, whose bytes are concatenated; ``KeyPart`` tells the encoding of
/// each. Text sorts by length first, because its length is written before it; use ``OrderedText`` for alphabetical
/// order.
///
/// A key of up to 31 bytes lies in the value itself: to make, copy or compare it allocates nothing and counts no
/// references. A longer one shares an array.
///
/// A part that has no key form (text over 65,535 bytes, a dictionary, an enum with associated values…) makes the key
/// *invalid*: ``invalidReason`` says why, and every operation with it throws `.invalidArgument`.
public struct Key: Sendable {
  @usableFromInline var storage: KeyStorage

  @inlinable
  init(_ storage: KeyStorage) { self.storage = storage }

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
    if let array = rawBytes as? [UInt8] {
      // One that is too long to lie in place is shared.
      self.init(KeyStorage(array))
    } else {
      let storage = rawBytes.withContiguousStorageIfAvailable { unsafe KeyStorage(UnsafeRawBufferPointer($0)) }
      self.init(storage ?? KeyStorage(Array(rawBytes)))
    }
  }

  /// A key of lent bytes, copied.
  @inlinable
  public init(copying span: RawSpan) {
    self = unsafe span.withUnsafeBytes { unsafe Key(KeyStorage($0)) }
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
    var decoder = KeyDecoder(storage)
    let parts = (repeat try (each type).decode(from: &decoder))
    try decoder.finish()
    return parts
  }

  /// The next key in byte order: these bytes and a zero.
  public var successor: Key {
    var next = storage
    next.append(0)
    return Key(next)
  }

  /// Why no operation takes this key, or nil for a good one.
  public var invalidReason: String? { fault?.reason }

  @inlinable var fault: KeyFault? { storage.fault }
}

// MARK: Its bytes

extension Key {
  /// The encoded bytes.
  ///
  /// - Complexity: O(length); an array is made for a key of up to 31 bytes. ``withUnsafeBytes(_:)`` and ``byteCount``
  ///   make none.
  @inlinable
  public var bytes: [UInt8] { storage.bytes }

  /// How many bytes it has.
  @inlinable
  public var byteCount: Int { storage.count }

  /// Lends the encoded bytes where they lie.
  ///
  /// - Parameter body: Gets bytes that are valid inside its call only; what it throws is thrown on.
  @inlinable
  public func withUnsafeBytes<R, E: Error>(
    _ body: (_ bytes: UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    unsafe try storage.withUnsafeBytes(body)
  }

  /// The bytes of a key that stays where it is, unchanged, for as long as they are read: for an engine that has its rows in memory.
  ///
  /// Nothing is retained, not even the array of a long key: the two atomic steps would also keep a processor from fetching the next
  /// key of many ahead.
  @inlinable
  public static func unsafeBytes(at key: UnsafePointer<Key>) -> UnsafeRawBufferPointer {
    switch unsafe key.pointee.storage.more {
    // In place, at the very front.
    case .nothing: unsafe UnsafeRawBufferPointer(start: key, count: key.pointee.storage.count)
    case .array(let array): unsafe array.withUnsafeBytes { unsafe $0 }
    case .invalid(let fault): unsafe fault.bytes.withUnsafeBytes { unsafe $0 }
    }
  }

  /// The bytes of `head`, then these: what an engine that has all categories in one order stores a key as.
  ///
  /// - Complexity: O(length of both), one allocation.
  public func bytes(after head: [UInt8]) -> [UInt8] {
    var whole: [UInt8] = []
    whole.reserveCapacity(head.count + byteCount)
    whole.append(contentsOf: head)
    unsafe withUnsafeBytes { unsafe whole.append(contentsOf: $0) }
    return whole
  }
}

extension Key: Hashable {
  @inlinable
  public static func == (left: Key, right: Key) -> Bool { left.storage == right.storage }

  @inlinable
  public func hash(into hasher: inout Hasher) { storage.hash(into: &hasher) }
}

extension Key: Comparable {
  /// Unsigned bytewise order; a key sorts before those it is a prefix of.
  @inlinable
  public static func < (left: Key, right: Key) -> Bool { left.storage < right.storage }
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
