/// A job that has a store on disk, open or not.
public struct StoredJob: Hashable, Sendable {
  /// What ``Persistency/openJob(_:engine:options:)`` opens it by.
  public let id: String
  /// The name of its engine.
  public let engine: String
  /// What its files take, in allocated bytes.
  public let bytesOnDisk: Int
  /// The level it was last opened at, `.full` where it was made whole by a copy, an import or a backup; nil for one that this version does not know.
  public let durability: Durability?
  /// Whether somebody has it open for writing.
  public let use: Use
  /// The process that has it open, where it says so.
  public let process: Int?
  /// The engine of the store that a migration took the place of, while it is kept.
  public let superseded: String?

  /// Whether somebody has a job open for writing.
  public enum Use: String, Hashable, Sendable, CaseIterable {
    case closed
    /// Here or in another process.
    case open
    /// It was not closed cleanly; the next opening for writing mends that.
    case unclean
  }

  public init(
    id: String, engine: String, bytesOnDisk: Int, durability: Durability? = nil, use: Use = .closed,
    process: Int? = nil, superseded: String? = nil
  ) {
    self.id = id
    self.engine = engine
    self.bytesOnDisk = bytesOnDisk
    self.durability = durability
    self.use = use
    self.process = process
    self.superseded = superseded
  }
}
