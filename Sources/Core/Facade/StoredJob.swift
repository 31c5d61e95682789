/// A job that has a store on disk, open or not.
public struct StoredJob: Hashable, Sendable {
  /// What ``Persistency/openJob(_:engine:options:)`` opens it by.
  public let id: String
  /// The name of its engine.
  public let engine: String
  /// What its files take, in allocated bytes.
  public let bytesOnDisk: Int

  public init(id: String, engine: String, bytesOnDisk: Int) {
    self.id = id
    self.engine = engine
    self.bytesOnDisk = bytesOnDisk
  }
}
