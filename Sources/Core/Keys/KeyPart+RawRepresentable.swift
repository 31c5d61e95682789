// A raw value decides the bytes, whether or not the type is Codable too. Where both defaults would apply, the
// extensions with both constraints break the tie.

extension KeyPart where Self: RawRepresentable, RawValue: FixedWidthInteger {
  public func encode(into encoder: inout KeyEncoder) { encoder.append(integerRawValue: rawValue) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Self {
    try decoder.readIntegerRaw(Self.self)
  }
}

extension KeyPart where Self: RawRepresentable, RawValue == String {
  public func encode(into encoder: inout KeyEncoder) { rawValue.encode(into: &encoder) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Self {
    try decoder.readTextRaw(Self.self)
  }
}

extension KeyPart where Self: Codable & RawRepresentable, RawValue: FixedWidthInteger {
  public func encode(into encoder: inout KeyEncoder) { encoder.append(integerRawValue: rawValue) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Self {
    try decoder.readIntegerRaw(Self.self)
  }
}

extension KeyPart where Self: Codable & RawRepresentable, RawValue == String {
  public func encode(into encoder: inout KeyEncoder) { rawValue.encode(into: &encoder) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Self {
    try decoder.readTextRaw(Self.self)
  }
}

extension KeyEncoder {
  mutating func append(integerRawValue raw: some FixedWidthInteger) {
    guard let value = Int64(exactly: raw) else { return fail("the raw value \(raw) is over Int64.max") }
    append(signed: value)
  }
}

extension KeyDecoder {
  mutating func readIntegerRaw<Value: RawRepresentable>(
    _ type: Value.Type
  ) throws(PersistencyError) -> Value where Value.RawValue: FixedWidthInteger {
    let raw = try readSigned()
    guard let exact = Value.RawValue(exactly: raw), let value = Value(rawValue: exact) else {
      throw malformed("\(raw) is no raw value of \(Value.self)")
    }
    return value
  }

  mutating func readTextRaw<Value: RawRepresentable>(
    _ type: Value.Type
  ) throws(PersistencyError) -> Value where Value.RawValue == String {
    let raw = try String.decode(from: &self)
    guard let value = Value(rawValue: raw) else { throw malformed("“\(raw)” is no raw value of \(Value.self)") }
    return value
  }
}
