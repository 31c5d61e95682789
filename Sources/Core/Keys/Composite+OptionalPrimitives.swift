// The standard library's defaults of these skip nil, so that the fields after it would move: nil is written.

extension EncodedFields {
  func encodeIfPresent(_ value: Bool?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: String?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: Double?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: Float?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: Int?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: Int8?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: Int16?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: Int32?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: Int64?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: Int128?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: UInt?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: UInt8?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: UInt16?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: UInt32?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: UInt64?, forKey key: Name) throws { try encoder.encodeOptional(value) }
  func encodeIfPresent(_ value: UInt128?, forKey key: Name) throws { try encoder.encodeOptional(value) }
}

extension DecodedFields {
  func decodeIfPresent(_ type: Bool.Type, forKey key: Name) throws -> Bool? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: String.Type, forKey key: Name) throws -> String? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: Double.Type, forKey key: Name) throws -> Double? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: Float.Type, forKey key: Name) throws -> Float? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: Int.Type, forKey key: Name) throws -> Int? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: Int8.Type, forKey key: Name) throws -> Int8? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: Int16.Type, forKey key: Name) throws -> Int16? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: Int32.Type, forKey key: Name) throws -> Int32? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: Int64.Type, forKey key: Name) throws -> Int64? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: Int128.Type, forKey key: Name) throws -> Int128? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: UInt.Type, forKey key: Name) throws -> UInt? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: UInt8.Type, forKey key: Name) throws -> UInt8? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: UInt16.Type, forKey key: Name) throws -> UInt16? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: UInt32.Type, forKey key: Name) throws -> UInt32? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: UInt64.Type, forKey key: Name) throws -> UInt64? { try decoder.decodeOptional(type) }
  func decodeIfPresent(_ type: UInt128.Type, forKey key: Name) throws -> UInt128? { try decoder.decodeOptional(type) }
}
