/// How a job is opened; the same until it is closed.
public struct JobOptions: Hashable, Sendable {
  /// What its acknowledged writes survive.
  public var durability: Durability
  public var access: StoreAccess
  /// How many bytes of writes may wait before the calls that queue more suspend.
  public var queueBytes: Int
  /// Moves every read to the reader pool: for a disk so slow that a read must not hold the caller's thread.
  public var readsOffCallerThread: Bool

  public init(
    durability: Durability = .consistent, access: StoreAccess = .readWrite, queueBytes: Int = 16 << 20,
    readsOffCallerThread: Bool = false
  ) {
    self.durability = durability
    self.access = access
    self.queueBytes = queueBytes
    self.readsOffCallerThread = readsOffCallerThread
  }
}
