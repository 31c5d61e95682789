extension KeyEncoder {
  /// Appends a signed integer: sign bit flipped, so that negative sorts before positive.
  mutating func append(signed value: Int64) {
    append(bigEndian: UInt64(bitPattern: value) ^ (1 << 63))
  }
}

extension KeyDecoder {
  mutating func readSigned() throws(PersistencyError) -> Int64 {
    Int64(bitPattern: try readBigEndian() ^ (1 << 63))
  }
}

extension KeyPart where Self: Codable & FixedWidthInteger & SignedInteger {
  public func encode(into encoder: inout KeyEncoder) {
    guard let value = Int64(exactly: self) else { return encoder.fail("the integer \(self) is wider than 64 bits") }
    encoder.append(signed: value)
  }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Self {
    let value = try decoder.readSigned()
    guard let part = Self(exactly: value) else { throw decoder.malformed("\(value) does not fit \(Self.self)") }
    return part
  }
}

extension KeyPart where Self: Codable & FixedWidthInteger & UnsignedInteger {
  public func encode(into encoder: inout KeyEncoder) {
    guard let value = UInt64(exactly: self) else { return encoder.fail("the integer \(self) is wider than 64 bits") }
    encoder.append(bigEndian: value)
  }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Self {
    let value = try decoder.readBigEndian()
    guard let part = Self(exactly: value) else { throw decoder.malformed("\(value) does not fit \(Self.self)") }
    return part
  }
}

// MARK: Signed: 8 bytes, sign bit flipped

extension Int: KeyPart {}
extension Int64: KeyPart {}
extension Int32: KeyPart {}
extension Int16: KeyPart {}
extension Int8: KeyPart {}

// MARK: Unsigned: 8 bytes

extension UInt: KeyPart {}
extension UInt64: KeyPart {}
extension UInt32: KeyPart {}
extension UInt16: KeyPart {}

// MARK: One byte

extension UInt8: KeyPart {
  public func encode(into encoder: inout KeyEncoder) { encoder.append(self) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> UInt8 {
    try decoder.readByte()
  }
}

extension Bool: KeyPart {
  public func encode(into encoder: inout KeyEncoder) { encoder.append(self ? 1 : 0) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Bool {
    switch try decoder.readByte() {
    case 0: return false
    case 1: return true
    case let byte: throw decoder.malformed("\(byte) where a Bool is 0 or 1")
    }
  }
}
