extension KeyPart where Self: Codable {
  /// The stored properties in declaration order, concatenated.
  public func encode(into encoder: inout KeyEncoder) {
    CompositeEncoder.encode(self, into: &encoder)
  }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Self {
    try CompositeDecoder.decode(Self.self, from: &decoder)
  }
}
