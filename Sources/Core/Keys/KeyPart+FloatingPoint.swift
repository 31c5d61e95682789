extension Double: KeyPart {
  /// IEEE 754 total order: all bits flipped when negative, else the sign bit.
  public func encode(into encoder: inout KeyEncoder) {
    let bits = isNaN ? 0x7FF8_0000_0000_0000 : bitPattern
    encoder.append(bigEndian: bits >> 63 == 1 ? ~bits : bits | 1 << 63)
  }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Double {
    let ordered = try decoder.readBigEndian()
    return Double(bitPattern: ordered >> 63 == 1 ? ordered & ~(1 << 63) : ~ordered)
  }
}

extension Float: KeyPart {
  /// As `Double`, in 4 bytes.
  public func encode(into encoder: inout KeyEncoder) {
    let bits = isNaN ? 0x7FC0_0000 : bitPattern
    let ordered = bits >> 31 == 1 ? ~bits : bits | 1 << 31
    withUnsafeBytes(of: ordered.bigEndian) { encoder.append(contentsOf: $0) }
  }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Float {
    let ordered = try decoder.readBytes(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return Float(bitPattern: ordered >> 31 == 1 ? ordered & ~(1 << 31) : ~ordered)
  }
}
