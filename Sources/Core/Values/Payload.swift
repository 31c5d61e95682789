/// Payloads made of typed parts, as keys are: the encoding of the Nim original.
///
/// See ``KeyPart`` for the bytes of each part.
public enum Payload {
  /// The parts' bytes, concatenated.
  ///
  /// - Throws: `.invalidArgument` when a part has no such form (text over 65,535 bytes, a dictionary…).
  public static func encode<each Part: KeyPart>(_ part: repeat each Part) throws(PersistencyError) -> [UInt8] {
    var encoder = KeyEncoder()
    repeat (each part).encode(into: &encoder)
    return try encoder.payload()
  }

  /// The parts of a payload; they must be the whole of it.
  ///
  /// - Throws: `.invalidArgument` when the bytes are not these parts, exactly.
  public static func decode<each Part: KeyPart>(
    _ payload: [UInt8], as type: repeat (each Part).Type
  ) throws(PersistencyError) -> (repeat each Part) {
    var decoder = KeyDecoder(payload)
    let parts = (repeat try (each type).decode(from: &decoder))
    try decoder.finish()
    return parts
  }
}

extension KeyEncoder {
  consuming func payload() throws(PersistencyError) -> [UInt8] {
    if let refusal { throw PersistencyError(.invalidArgument, "not encodable as a payload: \(refusal)") }
    return bytes
  }
}
