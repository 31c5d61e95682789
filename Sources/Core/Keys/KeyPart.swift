/// A value that can be part of a key, in bytes that sort as the values do.
///
/// | part | bytes |
/// |---|---|
/// | `String`, `Substring`, `[UInt8]`, `Data` | 2-byte big-endian length, then the bytes (at most 65,535) |
/// | `Int8`…`Int64`, `Int` | as `Int64`, sign bit flipped, 8 bytes big-endian |
/// | `UInt16`…`UInt64`, `UInt` | 8 bytes big-endian |
/// | `UInt8`, `Bool` | 1 byte; `Bool` is 0 or 1 |
/// | an enum with integer raw value | the raw value as `Int64`, whatever its type; over `Int64.max` is invalid |
/// | an enum with string raw value | as the string |
/// | ``Key`` | its bytes, verbatim: it decodes only as the last part |
/// | a `Codable` struct | its stored properties in declaration order; nil optionals are written |
/// | `Double` | 8 bytes: IEEE 754 big-endian, sign bit flipped when positive, all bits when negative |
/// | `Float` | 4 bytes, the same way |
/// | `UUID` | its 16 bytes |
/// | `Date` | `timeIntervalSinceReferenceDate` as `Double` |
/// | `Optional` | 0 for nil; 1, then the value |
/// | ``OrderedText``, ``OrderedBytes`` | the bytes with each 0x00 as 0x00 0xFF, then 0x00 0x00 |
///
/// Floating-point keys order −∞ < … < −0 < +0 < … < +∞ < NaN; −0 and +0 are two keys, and every NaN is the one
/// with bits 0x7FF8000000000000 (`Float`: 0x7FC00000).
///
/// The first eight rows are the encoding of the Nim original, byte for byte. Any `Codable` type conforms with an empty
/// extension, and so does an enum with a raw value; a type of your own may write its two requirements itself. Values
/// nest 128 deep at most.
public protocol KeyPart: Sendable {
  /// Appends this part's bytes; what has no key form calls ``KeyEncoder/fail(_:)``.
  func encode(into encoder: inout KeyEncoder)

  /// Reads one part from the front.
  ///
  /// - Throws: `.invalidArgument` when the bytes are malformed or too short.
  static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Self
}

extension Key: KeyPart {
  public func encode(into encoder: inout KeyEncoder) {
    if let fault { encoder.fail(fault.reason) }
    unsafe withUnsafeBytes { unsafe encoder.append(contentsOf: $0) }
  }

  /// All the bytes that are left.
  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Key {
    Key(rawBytes: try decoder.readBytes(decoder.remaining))
  }
}
