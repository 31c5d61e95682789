/// Collects the bytes of a key's parts.
public struct KeyEncoder: Sendable {
  private(set) var bytes: [UInt8]
  private(set) var fault: KeyFault?
  /// How many composites the next part is inside of.
  var depth = 0

  /// How deep composites may nest: what a small thread's stack holds.
  static let deepest = 128

  init() {
    bytes = []
    fault = nil
  }

  init(continuing key: consuming Key) {
    bytes = key.bytes
    fault = key.fault
  }

  /// Appends one byte.
  public mutating func append(_ byte: UInt8) { bytes.append(byte) }

  /// Appends raw bytes, with no length before them.
  public mutating func append(contentsOf raw: some Sequence<UInt8>) { bytes.append(contentsOf: raw) }

  /// Appends 8 bytes, big-endian.
  public mutating func append(bigEndian value: UInt64) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends a 2-byte big-endian length, then the bytes; more than 65,535 make the key invalid.
  public mutating func append(lengthPrefixed raw: some Collection<UInt8>) {
    guard let length = UInt16(exactly: raw.count) else {
      return fail("a text or byte part of \(raw.count) bytes; at most 65,535 have a key form")
    }
    bytes.append(UInt8(length >> 8))
    bytes.append(UInt8(length & 0xFF))
    bytes.append(contentsOf: raw)
  }

  /// Marks the key invalid: every operation with it will throw `.invalidArgument` with this reason.
  ///
  /// The first reason holds.
  public mutating func fail(_ reason: String) {
    if fault == nil { fault = KeyFault(reason) }
  }

  consuming func finish() -> Key { Key(bytes: bytes, fault: fault) }
}
