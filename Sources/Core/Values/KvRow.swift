/// One row: a key and its payload.
public struct KvRow: Hashable, Sendable {
  public let key: Key
  public let payload: [UInt8]

  public init(key: Key, payload: [UInt8]) {
    self.key = key
    self.payload = payload
  }

  /// The payload as a value.
  ///
  /// - Throws: `.invalidArgument` when the payload is not a `T` in this codec.
  public func decode<T: Decodable>(_ type: T.Type, codec: PayloadCodec = .parts) throws(PersistencyError) -> T {
    try codec.decode(type, from: payload)
  }
}
