/// A row whose category is bytes, UTF-8 or not, as ``KvBackend/visitAll(_:)`` lends it.
public struct RawRow: Hashable, Sendable {
  public let category: [UInt8]
  public let key: Key
  public let payload: [UInt8]

  public init(category: [UInt8], key: Key, payload: [UInt8]) {
    self.category = category
    self.key = key
    self.payload = payload
  }
}
