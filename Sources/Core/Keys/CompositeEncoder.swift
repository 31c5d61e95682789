/// Walks any `Encodable` value and writes its properties as key parts, in the order it encodes them.
///
/// A property that is itself a ``KeyPart`` is written in that encoding, a raw-value enum as its raw value, a nested
/// struct as its own properties. What has no fixed order or length (dictionary, set, array, enum with associated
/// values) fails.
final class CompositeEncoder: Encoder {
  private var parts: KeyEncoder
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  private init(_ parts: consuming KeyEncoder) { self.parts = parts }

  /// Appends the composite `value`; what it throws makes the key invalid.
  static func encode(_ value: some Encodable, into encoder: inout KeyEncoder) {
    let composite = CompositeEncoder(encoder)
    encoder = KeyEncoder()
    do {
      try composite.encodeContents(of: value)
    } catch let error as PersistencyError {
      composite.parts.fail(error.message)
    } catch {
      composite.parts.fail("\(type(of: value)) failed to encode: \(error)")
    }
    encoder = composite.parts
  }

  /// Appends `value` as a payload does: a key part in its own encoding, else a composite.
  static func encodeValue(_ value: some Encodable, into encoder: inout KeyEncoder) {
    if let part = value as? any KeyPart { return part.encode(into: &encoder) }
    encode(value, into: &encoder)
  }

  fileprivate func encodeValue(_ value: some Encodable) throws {
    if let part = value as? any KeyPart {
      part.encode(into: &parts)
    } else {
      try encodeContents(of: value)
    }
  }

  private func encodeContents(of value: some Encodable) throws {
    parts.depth += 1
    defer { parts.depth -= 1 }
    if parts.depth > KeyEncoder.deepest {
      throw fail("values nested more than \(KeyEncoder.deepest) deep have no key form")
    }
    if value is any Unkeyable { throw fail("a \(type(of: value)) has no key form") }
    if let optional = value as? any EncodableOptional { return try optional.encode(with: self) }
    if let raw = value as? any RawRepresentable, !(value is any KeyPart) {
      if let integer = raw.rawValue as? any FixedWidthInteger { return parts.append(integerRawValue: integer) }
      if let text = raw.rawValue as? String { return text.encode(into: &parts) }
    }
    try value.encode(to: self)
  }

  /// 0 for nil; 1, then the value.
  func encodeOptional(_ value: (some Encodable)?) throws {
    guard let value else { return parts.append(0) }
    parts.append(1)
    try encodeValue(value)
  }

  fileprivate func fail(_ reason: String) -> PersistencyError {
    parts.fail(reason)
    return PersistencyError(.invalidArgument, reason)
  }

  // MARK: Encoder

  func container<Name: CodingKey>(keyedBy type: Name.Type) -> KeyedEncodingContainer<Name> {
    KeyedEncodingContainer(EncodedFields<Name>(encoder: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    _ = fail("an array, set or other unkeyed container has no key form")
    return NoElements(encoder: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoder: self) }
}

/// What a composite may not hold, although it encodes as if it could.
protocol Unkeyable {}
extension Dictionary: Unkeyable {}
extension Set: Unkeyable {}
extension Int128: Unkeyable {}
extension UInt128: Unkeyable {}

/// Optional, seen without its wrapped type.
private protocol EncodableOptional {
  func encode(with encoder: CompositeEncoder) throws
}

extension Optional: EncodableOptional where Wrapped: Encodable {
  fileprivate func encode(with encoder: CompositeEncoder) throws { try encoder.encodeOptional(self) }
}

// The generic `encode` of each container is the witness of all its primitive requirements: a primitive is a key part.
// `encodeIfPresent` cannot be: the standard library has defaults for primitives, which skip nil and would be chosen.

struct EncodedFields<Name: CodingKey>: KeyedEncodingContainerProtocol {
  let encoder: CompositeEncoder
  var codingPath: [any CodingKey] { [] }

  func encodeNil(forKey key: Name) throws {
    throw encoder.fail("encodeNil(forKey:) does not say what would stand there; use encodeIfPresent")
  }

  func encode<T: Encodable>(_ value: T, forKey key: Name) throws { try encoder.encodeValue(value) }

  /// Nil is written, not skipped: the fields after it stay where they are.
  func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Name) throws {
    try encoder.encodeOptional(value)
  }

  func nestedContainer<Inner: CodingKey>(
    keyedBy type: Inner.Type, forKey key: Name
  ) -> KeyedEncodingContainer<Inner> {
    _ = encoder.fail("an enum with associated values or without raw ones has no key form, nor a nested container")
    return KeyedEncodingContainer(EncodedFields<Inner>(encoder: encoder))
  }

  func nestedUnkeyedContainer(forKey key: Name) -> any UnkeyedEncodingContainer { encoder.unkeyedContainer() }
  func superEncoder() -> any Encoder { encoder }
  func superEncoder(forKey key: Name) -> any Encoder { encoder }
}

private struct Single: SingleValueEncodingContainer {
  let encoder: CompositeEncoder
  var codingPath: [any CodingKey] { [] }

  func encodeNil() throws {
    throw encoder.fail("encodeNil() does not say what would stand there; use an Optional property")
  }
  func encode<T: Encodable>(_ value: T) throws { try encoder.encodeValue(value) }
}

/// An unkeyed container that takes nothing.
private struct NoElements: UnkeyedEncodingContainer {
  let encoder: CompositeEncoder
  var codingPath: [any CodingKey] { [] }
  var count: Int { 0 }

  private var refusal: PersistencyError { encoder.fail("an array, set or other unkeyed container has no key form") }

  func encodeNil() throws { throw refusal }
  func encode<T: Encodable>(_ value: T) throws { throw refusal }
  func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) -> KeyedEncodingContainer<Inner> {
    KeyedEncodingContainer(EncodedFields<Inner>(encoder: encoder))
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self }
  func superEncoder() -> any Encoder { encoder }
}
