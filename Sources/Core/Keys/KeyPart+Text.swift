extension String: KeyPart {
  public func encode(into encoder: inout KeyEncoder) { encoder.append(lengthPrefixed: utf8) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> String {
    try decoder.text(try decoder.readLengthPrefixed())
  }
}

extension Substring: KeyPart {
  public func encode(into encoder: inout KeyEncoder) { encoder.append(lengthPrefixed: utf8) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Substring {
    Substring(try String.decode(from: &decoder))
  }
}

extension Array: KeyPart where Element == UInt8 {
  public func encode(into encoder: inout KeyEncoder) { encoder.append(lengthPrefixed: self) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> [UInt8] {
    try decoder.readLengthPrefixed()
  }
}

extension ArraySlice: KeyPart where Element == UInt8 {
  public func encode(into encoder: inout KeyEncoder) { encoder.append(lengthPrefixed: self) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> ArraySlice<UInt8> {
    try decoder.readLengthPrefixed()[...]
  }
}

extension KeyDecoder {
  /// These bytes as text; the original may have written bytes that are none, which read as `[UInt8]`.
  func text(_ raw: [UInt8]) throws(PersistencyError) -> String {
    guard let text = String(validating: raw, as: UTF8.self) else {
      throw malformed("text that is not UTF-8; read it as [UInt8]")
    }
    return text
  }
}
