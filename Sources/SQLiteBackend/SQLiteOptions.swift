/// What can be set about SQLite beyond `StoreOptions`; the defaults suit nearly everyone.
public struct SQLiteOptions: Hashable, Sendable {
  /// The writing connection's page cache, in bytes: what a random write of a large store lives on.
  public var writerCacheBytes: Int
  /// Each reading connection's page cache, in bytes; up to four are kept when idle.
  public var readerCacheBytes: Int
  /// How long a call waits for another process that holds the file before it throws `.locked`.
  public var busyTimeout: Duration
  /// Whether gets keep their read transaction from one to the next while nothing is committed.
  ///
  /// More than twice as fast; a read-only store never does.
  public var keepsReadTransactions: Bool

  public init(
    writerCacheBytes: Int = 32 << 20, readerCacheBytes: Int = 32 << 20, busyTimeout: Duration = .seconds(2),
    keepsReadTransactions: Bool = true
  ) {
    self.writerCacheBytes = writerCacheBytes
    self.readerCacheBytes = readerCacheBytes
    self.busyTimeout = busyTimeout
    self.keepsReadTransactions = keepsReadTransactions
  }

  /// In whole milliseconds, at most an hour.
  var busyMilliseconds: Int32 {
    let whole = busyTimeout.components
    guard whole.seconds >= 0 else { return 0 }
    guard whole.seconds < 3_600 else { return 3_600_000 }
    return Int32(whole.seconds * 1_000 + whole.attoseconds / 1_000_000_000_000_000)
  }
}
