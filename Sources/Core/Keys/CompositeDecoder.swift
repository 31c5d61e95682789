/// Reads the properties of any `Decodable` value from key parts, in the order it asks for them.
///
/// The mirror of ``CompositeEncoder``.
final class CompositeDecoder: Decoder {
  private var parts: KeyDecoder
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  private init(_ parts: KeyDecoder) { self.parts = parts }

  /// Reads the composite `type`.
  static func decode<T: Decodable>(
    _ type: T.Type, from decoder: inout KeyDecoder
  ) throws(PersistencyError) -> T {
    try run(&decoder) { try $0.decodeContents(T.self) }
  }

  /// Reads `type` as a payload does: a key part in its own encoding, else a composite.
  static func decodeValue<T: Decodable>(
    _ type: T.Type, from decoder: inout KeyDecoder
  ) throws(PersistencyError) -> T {
    try run(&decoder) { try $0.decodeValue(T.self) }
  }

  private static func run<T>(
    _ decoder: inout KeyDecoder, _ body: (CompositeDecoder) throws -> T
  ) throws(PersistencyError) -> T {
    let composite = CompositeDecoder(decoder)
    do {
      let value = try body(composite)
      decoder = composite.parts
      return value
    } catch let error as PersistencyError {
      throw error
    } catch {
      throw composite.parts.malformed("\(T.self) failed to decode: \(error)")
    }
  }

  fileprivate func decodeValue<T: Decodable>(_ type: T.Type) throws -> T {
    if let part = T.self as? any KeyPart.Type { return try cast(try part.decode(from: &parts)) }
    return try decodeContents(type)
  }

  private func decodeContents<T: Decodable>(_ type: T.Type) throws -> T {
    // A type that holds itself would else recurse as often as hostile bytes say "not nil".
    parts.depth += 1
    defer { parts.depth -= 1 }
    if parts.depth > KeyEncoder.deepest {
      throw parts.malformed("values nested more than \(KeyEncoder.deepest) deep")
    }
    if T.self is any Unkeyable.Type { throw parts.malformed("a \(T.self) has no key form") }
    if let optional = T.self as? any DecodableOptional.Type { return try cast(try optional.decode(with: self)) }
    if let raw = T.self as? any RawRepresentable.Type, !(T.self is any KeyPart.Type),
      let value = try decodeRaw(raw)
    {
      return try cast(value)
    }
    return try T(from: self)
  }

  private func decodeRaw<R: RawRepresentable>(_ type: R.Type) throws -> Any? {
    let raw: R.RawValue?
    if let integer = R.RawValue.self as? any FixedWidthInteger.Type {
      raw = try decodeInteger(integer) as? R.RawValue
    } else if R.RawValue.self == String.self {
      raw = try String.decode(from: &parts) as? R.RawValue
    } else {
      return nil
    }
    guard let value = raw.flatMap({ R(rawValue: $0) }) else { throw parts.malformed("no raw value of \(R.self)") }
    return value
  }

  private func decodeInteger<I: FixedWidthInteger>(_ type: I.Type) throws -> I? {
    I(exactly: try parts.readSigned())
  }

  private func cast<T>(_ value: Any) throws -> T {
    guard let value = value as? T else { throw parts.malformed("\(T.self) failed to decode") }
    return value
  }

  /// The value after a 1; nil for a 0.
  func decodeOptional<T: Decodable>(_ type: T.Type) throws -> T? {
    try Bool.decode(from: &parts) ? try decodeValue(type) : nil
  }
  fileprivate func malformed(_ what: String) -> PersistencyError { parts.malformed(what) }

  // MARK: Decoder

  func container<Name: CodingKey>(keyedBy type: Name.Type) -> KeyedDecodingContainer<Name> {
    KeyedDecodingContainer(DecodedFields<Name>(decoder: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw malformed("an array, set or other unkeyed container has no key form")
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self) }
}

/// Optional, seen without its wrapped type.
private protocol DecodableOptional {
  static func decode(with decoder: CompositeDecoder) throws -> Self
}

extension Optional: DecodableOptional where Wrapped: Decodable {
  fileprivate static func decode(with decoder: CompositeDecoder) throws -> Wrapped? {
    try decoder.decodeOptional(Wrapped.self)
  }
}

// As in the encoder: the generic `decode` is the witness of all the primitive requirements, `decodeIfPresent` is not.

struct DecodedFields<Name: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: CompositeDecoder
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Name] { [] }

  func contains(_ key: Name) -> Bool { true }
  func decodeNil(forKey key: Name) throws -> Bool {
    throw decoder.malformed("use decodeIfPresent for an optional field")
  }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Name) throws -> T { try decoder.decodeValue(type) }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Name) throws -> T? {
    try decoder.decodeOptional(type)
  }

  func nestedContainer<Inner: CodingKey>(
    keyedBy type: Inner.Type, forKey key: Name
  ) throws -> KeyedDecodingContainer<Inner> {
    throw decoder.malformed(
      "an enum with associated values or without raw ones has no key form, nor a nested container")
  }

  func nestedUnkeyedContainer(forKey key: Name) throws -> any UnkeyedDecodingContainer {
    try decoder.unkeyedContainer()
  }

  func superDecoder() -> any Decoder { decoder }
  func superDecoder(forKey key: Name) -> any Decoder { decoder }
}

private struct Single: SingleValueDecodingContainer {
  let decoder: CompositeDecoder
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { false }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.decodeValue(type) }
}
