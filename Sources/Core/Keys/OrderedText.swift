/// Text that sorts alphabetically as a key part: by its UTF-8 bytes, whatever its length.
///
/// Bytes: the UTF-8 with each 0x00 written as 0x00 0xFF, then 0x00 0x00. The escape is FoundationDB's tuple layer's;
/// the terminator has a second zero because no type code follows here, and a part that begins with 0xFF must not
/// read as an escape.
public struct OrderedText: KeyPart, Hashable, Codable {
  public let text: String

  public init(_ text: String) { self.text = text }

  public func encode(into encoder: inout KeyEncoder) { encoder.append(zeroEscaped: text.utf8) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> OrderedText {
    OrderedText(try decoder.text(try decoder.readZeroEscaped()))
  }
}

/// Bytes that sort in their natural order as a key part, whatever their length; encoded as ``OrderedText``.
public struct OrderedBytes: KeyPart, Hashable, Codable {
  public let bytes: [UInt8]

  public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  public func encode(into encoder: inout KeyEncoder) { encoder.append(zeroEscaped: bytes) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> OrderedBytes {
    OrderedBytes(try decoder.readZeroEscaped())
  }
}

extension OrderedText: Comparable {
  /// Whether the UTF-8 bytes are the same, as `<` and the encoding have it: canonical equivalence does not count.
  public static func == (left: OrderedText, right: OrderedText) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  public static func < (left: OrderedText, right: OrderedText) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}

extension OrderedBytes: Comparable {
  public static func < (left: OrderedBytes, right: OrderedBytes) -> Bool { left.bytes.precedes(right.bytes) }
}

extension KeyEncoder {
  mutating func append(zeroEscaped raw: some Sequence<UInt8>) {
    for byte in raw {
      append(byte)
      if byte == 0 { append(0xFF) }
    }
    append(0)
    append(0)
  }
}

extension KeyDecoder {
  mutating func readZeroEscaped() throws(PersistencyError) -> [UInt8] {
    var raw: [UInt8] = []
    while true {
      let byte = try readByte()
      guard byte == 0 else {
        raw.append(byte)
        continue
      }
      switch try readByte() {
      case 0: return raw
      case 0xFF: raw.append(0)
      case let other: throw malformed("0x00 \(other) in ordered text is neither an escape nor the end")
      }
    }
  }
}
