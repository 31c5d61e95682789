import CPersistencyRocksDB

/// An iterator with its bounds and options: one state, the last committed when it was made.
///
/// Owns all three and frees them in ``close()``, which must come before the database closes; used by one call on one thread.
final class RocksCursor {
  private let db: OpaquePointer
  private let options: OpaquePointer
  /// The bounds, which the options point to.
  private let bounds: UnsafeMutableRawBufferPointer
  private let lowerCount: Int
  private var iterator: OpaquePointer?
  /// The state of a cursor that is going to leave the cache alone.
  private var state: RocksSnapshot?
  /// Rows to go until it does.
  private var cachedRows = Int.max
  /// What a forward walk beside the cache reads at once, where RocksDB would ask the system for each block.
  private static let readAhead = 256 << 10

  /// - Parameters:
  ///   - lower: The first stored key; empty for none.
  ///   - upper: The first stored key past the rows; empty for none.
  ///   - snapshot: A state taken before; nil for the last committed.
  ///   - cached: Whether blocks read enter the cache; without it the walk goes forward.
  ///   - skipping: Gives up, with an error that says so, after so many deleted rows in a row; 0 never does.
  init(
    _ db: OpaquePointer, lower: [UInt8] = [], upper: [UInt8] = [], snapshot: OpaquePointer? = nil,
    cached: Bool = true, skipping: Int = 0
  ) {
    self.db = db
    options = rocksdb_readoptions_create()
    bounds = .allocate(byteCount: max(1, lower.count + upper.count), alignment: 1)
    lowerCount = lower.count
    bounds.copyBytes(from: lower)
    UnsafeMutableRawBufferPointer(rebasing: bounds[lower.count...]).copyBytes(from: upper)
    let base = UnsafePointer(bounds.assumingMemoryBound(to: CChar.self).baseAddress)
    if !lower.isEmpty { rocksdb_readoptions_set_iterate_lower_bound(options, base, lower.count) }
    if !upper.isEmpty {
      rocksdb_readoptions_set_iterate_upper_bound(options, base.map { $0 + lower.count }, upper.count)
    }
    if let snapshot { rocksdb_readoptions_set_snapshot(options, snapshot) }
    if !cached { leaveCache() }
    if skipping > 0 { rocksdb_readoptions_set_max_skippable_internal_keys(options, UInt64(skipping)) }
    iterator = rocksdb_create_iterator(db, options)
  }

  deinit { close() }

  func close() {
    guard let iterator else { return }
    rocksdb_iter_destroy(iterator)
    rocksdb_readoptions_destroy(options)
    bounds.deallocate()
    self.iterator = nil
    state?.close()
  }

  var isValid: Bool { rocksdb_iter_valid(iterator) != 0 }

  /// Goes to the first row, or the last.
  func begin(reverse: Bool) {
    if reverse {
      rocksdb_iter_seek_to_last(iterator)
    } else if lowerCount > 0 {
      rocksdb_iter_seek(iterator, bounds.assumingMemoryBound(to: CChar.self).baseAddress, lowerCount)
    } else {
      rocksdb_iter_seek_to_first(iterator)
    }
  }

  /// Goes to the first row at or past a stored key.
  func seek(_ key: [UInt8]) {
    key.withUnsafeBytes { key in
      rocksdb_iter_seek(iterator, key.assumingMemoryBound(to: CChar.self).baseAddress, key.count)
    }
  }

  @inline(__always)
  func advance(reverse: Bool) {
    if reverse { rocksdb_iter_prev(iterator) } else { rocksdb_iter_next(iterator) }
    cachedRows -= 1
    if cachedRows == 0 { leaveCacheAlone(reverse: reverse) }
  }

  // MARK: Walks that the cache cannot hold

  /// A cursor for a walk that may be longer than the cache is large: its first rows enter it, as those of a small category should
  /// that is read again and again, and the others do not.
  ///
  /// Such a walk would find nothing of itself in the cache when it is repeated, and leave nothing of anybody else's. And with glibc's
  /// allocator the blocks thrown out keep their memory in the heap of the thread that read them, so that walks in several
  /// threads took the size of the cache over and over.
  static func overflowing(_ db: OpaquePointer, lower: [UInt8], upper: [UInt8], cachedRows: Int = 10_000) -> RocksCursor
  {
    let state = RocksSnapshot(db)
    let cursor = RocksCursor(db, lower: lower, upper: upper, snapshot: state.snapshot)
    cursor.state = state
    cursor.cachedRows = cachedRows
    return cursor
  }

  private func leaveCacheAlone(reverse: Bool) {
    guard isValid else { return }
    leaveCache(reverse: reverse)
    let other = rocksdb_create_iterator(db, options)
    let here = key.assumingMemoryBound(to: CChar.self)
    if reverse {
      rocksdb_iter_seek_for_prev(other, here.baseAddress, here.count)
    } else {
      rocksdb_iter_seek(other, here.baseAddress, here.count)
    }
    rocksdb_iter_destroy(iterator)
    iterator = other
  }

  private func leaveCache(reverse: Bool = false) {
    rocksdb_readoptions_set_fill_cache(options, 0)
    if !reverse { rocksdb_readoptions_set_readahead_size(options, Self.readAhead) }
  }

  // MARK: Rows

  /// The stored key here, lent until the cursor moves.
  @inline(__always)
  var key: UnsafeRawBufferPointer {
    var count = 0
    let start = rocksdb_iter_key(iterator, &count)
    return UnsafeRawBufferPointer(start: start, count: count)
  }

  /// The payload here, lent until the cursor moves.
  @inline(__always)
  var payload: UnsafeRawBufferPointer {
    var count = 0
    let start = rocksdb_iter_value(iterator, &count)
    return UnsafeRawBufferPointer(start: start, count: count)
  }

  /// Why it is not valid, when it is not because the rows ended.
  var failure: RocksFailure? {
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_iter_get_error(iterator, &text)
    return text.map { RocksFailure(taking: $0) }
  }

  /// Throws when the walk ended by an error rather than by the end of the rows.
  func finish(_ doing: String) throws(PersistencyError) {
    if let failure { throw failure.error(doing) }
  }
}
