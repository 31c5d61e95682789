extension Optional: KeyPart where Wrapped: KeyPart {
  /// 0 for nil; 1, then the value: nil sorts first.
  public func encode(into encoder: inout KeyEncoder) {
    guard let self else { return encoder.append(0) }
    encoder.append(1)
    self.encode(into: &encoder)
  }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Wrapped? {
    guard try Bool.decode(from: &decoder) else { return nil }
    return try Wrapped.decode(from: &decoder)
  }
}
