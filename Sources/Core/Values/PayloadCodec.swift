#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// How a value becomes a payload, and comes back.
public struct PayloadCodec: Sendable {
  private let encoding: @Sendable (any Encodable) throws -> [UInt8]
  private let decoding: @Sendable (any Decodable.Type, [UInt8]) throws -> any Decodable

  /// A codec of your own; what its closures throw reaches the caller as `.invalidArgument`.
  public init(
    encode: @escaping @Sendable (any Encodable) throws -> [UInt8],
    decode: @escaping @Sendable (any Decodable.Type, [UInt8]) throws -> any Decodable
  ) {
    encoding = encode
    decoding = decode
  }

  /// The original's encoding, as in keys (``KeyPart``): compact, ordered, no names.
  ///
  /// Text and byte fields have at most 65,535 bytes.
  public static let parts = PayloadCodec(
    encode: { value in
      var encoder = KeyEncoder()
      CompositeEncoder.encodeValue(value, into: &encoder)
      return try encoder.payload()
    },
    decode: { type, payload in
      var decoder = KeyDecoder(payload)
      let value = try CompositeDecoder.decodeValue(type, from: &decoder)
      try decoder.finish()
      return value
    })

  /// JSON with sorted keys: any `Codable` value, fields found by name.
  public static let json = PayloadCodec(
    encode: { value in
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return Array(try encoder.encode(value))
    },
    decode: { type, payload in try JSONDecoder().decode(type, from: Data(payload)) })

  /// - Throws: `.invalidArgument` when the value has no form in this codec.
  public func encode(_ value: some Encodable) throws(PersistencyError) -> [UInt8] {
    do {
      return try encoding(value)
    } catch let error as PersistencyError {
      throw error
    } catch {
      throw PersistencyError(.invalidArgument, "\(type(of: value)) does not encode as a payload: \(error)")
    }
  }

  /// - Throws: `.invalidArgument` when the payload is no `T` in this codec.
  public func decode<T: Decodable>(_ type: T.Type, from payload: [UInt8]) throws(PersistencyError) -> T {
    do {
      if let value = try decoding(type, payload) as? T { return value }
    } catch let error as PersistencyError {
      throw error
    } catch {
      throw PersistencyError(.invalidArgument, "the payload is no \(T.self): \(error)")
    }
    throw PersistencyError(.invalidArgument, "the codec returned another type than \(T.self)")
  }
}
