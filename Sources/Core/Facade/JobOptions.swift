/// How a job is opened; the same until it is closed.
public struct JobOptions: Hashable, Sendable {
  /// What its acknowledged writes survive.
  public var durability: Durability
  /// Whether it may be written; `.readOnly` opens beside a writer in another process, where the engine can.
  public var access: StoreAccess
  /// How many bytes of writes may wait before the calls that queue more suspend; below 1, one batch at a time.
  public var queueBytes: Int
  /// Moves every read to the reader pool: for a disk so slow that a read must not hold the caller's thread.
  public var readsOffCallerThread: Bool

  /// Makes a store when none is stored; false throws `.jobNotFound` then.
  public var createIfMissing: Bool

  /// Counts the job apart from the others of its engine in metrics, under the dimension `job`; nil counts it with them.
  ///
  /// Jobs may share one. Each is a series of its own in whatever keeps the metrics, so that a few dozen are well and a thousand are not.
  public var metricsLabel: String?

  /// By default a job is opened for writing, at `.consistent`, with a queue of 16 MiB, and made where there is none.
  public init(
    durability: Durability = .consistent, access: StoreAccess = .readWrite, queueBytes: Int = 16 << 20,
    readsOffCallerThread: Bool = false, createIfMissing: Bool = true, metricsLabel: String? = nil
  ) {
    self.durability = durability
    self.access = access
    self.queueBytes = queueBytes
    self.readsOffCallerThread = readsOffCallerThread
    self.createIfMissing = createIfMissing
    self.metricsLabel = metricsLabel
  }

  /// Whether two openings ask for the same job: what only matters while it is opened does not count.
  func matches(_ other: JobOptions) -> Bool {
    var other = other
    other.createIfMissing = createIfMissing
    return self == other
  }
}
