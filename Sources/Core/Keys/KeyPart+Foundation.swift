#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension UUID: KeyPart {
  public func encode(into encoder: inout KeyEncoder) {
    withUnsafeBytes(of: uuid) { encoder.append(contentsOf: $0) }
  }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> UUID {
    let raw = try decoder.readBytes(16)
    var uuid = zero
    withUnsafeMutableBytes(of: &uuid) { $0.copyBytes(from: raw) }
    return UUID(uuid: uuid)
  }

  private static var zero: uuid_t { (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) }
}

extension Date: KeyPart {
  /// The seconds since 2001-01-01 UTC as `Double`: exact, and in time order.
  public func encode(into encoder: inout KeyEncoder) {
    timeIntervalSinceReferenceDate.encode(into: &encoder)
  }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Date {
    Date(timeIntervalSinceReferenceDate: try Double.decode(from: &decoder))
  }
}

extension Data: KeyPart {
  public func encode(into encoder: inout KeyEncoder) { encoder.append(lengthPrefixed: self) }

  public static func decode(from decoder: inout KeyDecoder) throws(PersistencyError) -> Data {
    Data(try decoder.readLengthPrefixed())
  }
}
