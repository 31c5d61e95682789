/// What the writers of a store know of its state; behind the write lock.
struct RocksWriter {
  /// So many range tombstones may be in the memtable before it is written out.
  ///
  /// RocksDB sorts them anew for the first
  /// read after each write; in a table they are sorted once.
  static let tombstoneLimit = 32

  /// Why no write is taken until the store is opened again.
  var latch: PersistencyError?
  /// The disk was full; nil when it is not known to be.
  var fullDisk: FullDisk?
  /// Range tombstones written since the memtable was last written out.
  var tombstones = 0

  /// When, and with how much room, the store was last found to take no writes.
  struct FullDisk {
    var freeBytes: UInt64?
    var instant: ContinuousClock.Instant
  }

  init(isFull: Bool) {
    // Room nought: the first write tries.
    if isFull { fullDisk = FullDisk(freeBytes: nil, instant: .now - .seconds(60)) }
  }
}
