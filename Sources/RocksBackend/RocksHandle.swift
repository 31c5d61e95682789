import CPersistencyRocksDB

/// The open database and what goes with it; the only owner of its pointers.
///
/// Readers come through ``turnstile``. Writers hold the backend's write lock; one of them alone exchanges the database,
/// with no reader inside (``reopen(_:)``). The backend closes it when nobody is inside at all.
final class RocksHandle: @unchecked Sendable {
  // Sendable: the options are set once, and RocksDB takes them from any thread, as it does the database. `db`,
  // `lost` and `hasFailed` change in `reopen` (under the write lock, and with the turnstile closed and empty) and in `close` (after the
  // last call has left the gate), the last under the write lock in any write; they are read between turnstile.enter and
  // leave (not `hasFailed`), or under the write lock, or in `close`.
  let folder: RocksFolder
  let settings: RocksSettings
  let turnstile = RocksTurnstile()
  private var db: OpaquePointer?
  /// Why there is no database, after an exchange that failed.
  private var lost: PersistencyError?
  /// A write has failed since the database was opened to write, or it never was: what is in the log stays there.
  private var hasFailed = false
  private let reading: OpaquePointer
  private let writing: OpaquePointer
  private let syncing: OpaquePointer
  private let flushing: OpaquePointer

  /// - Parameter takesWrites: Whether the database was opened to write.
  init(_ db: OpaquePointer, _ folder: RocksFolder, _ settings: RocksSettings, takesWrites: Bool) {
    self.db = db
    hasFailed = !takesWrites
    self.folder = folder
    self.settings = settings
    reading = rocksdb_readoptions_create()
    writing = rocksdb_writeoptions_create()
    syncing = rocksdb_writeoptions_create()
    rocksdb_writeoptions_set_sync(syncing, 1)
    flushing = rocksdb_flushoptions_create()
    // The memtable is exchanged at once; the table is written behind the writer's back.
    rocksdb_flushoptions_set_wait(flushing, 0)
  }

  /// Frees everything; called once.
  ///
  /// The memtable becomes a table first. The log would bring it back just as well, but not soon (0.25 s for 8 MiB,
  /// where an open should take a few milliseconds), and damage to a log is not told from a crash, while damage to a table is.
  func close() {
    if let db {
      if !hasFailed { finish(db) }
      rocksdb_close(db)
    }
    db = nil
    if settings.durability == .volatile { folder.syncEverything() }
    rocksdb_readoptions_destroy(reading)
    rocksdb_writeoptions_destroy(writing)
    rocksdb_writeoptions_destroy(syncing)
    rocksdb_flushoptions_destroy(flushing)
  }

  private func finish(_ db: OpaquePointer) {
    let recent = ["rocksdb.num-entries-active-mem-table", "rocksdb.num-immutable-mem-table"]
    guard recent.contains(where: { (try? property($0)) ?? 0 > 0 }) else { return }
    // When it fails, the log still has it all.
    guard (try? writeOut()) != nil, settings.durability == .volatile else { return }
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_flush_wal(db, 1, &text)
    if let text { rocksdb_free(text) }
  }

  /// Writes the memtable out as a table, and waits for it.
  ///
  /// - Returns: Why it could not.
  func writeOut() throws(PersistencyError) -> RocksFailure? {
    let waiting = rocksdb_flushoptions_create()
    defer { rocksdb_flushoptions_destroy(waiting) }
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_flush(try database(), waiting, &text)
    return text.map { RocksFailure(taking: $0) }
  }

  /// The database, for a reader inside the turnstile or a holder of the write lock.
  @inline(__always)
  func database() throws(PersistencyError) -> OpaquePointer {
    if let db { return db }
    throw lost ?? PersistencyError(.backend, "the store could not be reopened after its disk was full")
  }

  /// Exchanges the database for one opened anew in the first of `modes` that succeeds.
  ///
  /// - Returns: The failure of each mode before the one that succeeded; nil when a visit is inside, and nothing was done.
  func reopen(_ modes: [RocksSettings.Mode]) -> [RocksFailure]? {
    turnstile.alone {
      if let db { rocksdb_close(db) }
      db = nil
      var failures: [RocksFailure] = []
      for mode in modes {
        switch mode == .write ? settings.openMending(folder) : settings.open(folder.path, mode) {
        case .success(let opened):
          db = opened
          lost = nil
          hasFailed = mode != .write
          return failures
        case .failure(let failure):
          failures.append(failure)
          lost = failure.error("reopening \(folder.path)")
        }
      }
      return failures
    }
  }

  // MARK: Reads

  /// Lends the payload of a stored key to `body`, pinned in the engine; nil when it is missing.
  @inline(__always)
  func withPayload<R>(
    _ category: String, _ key: Key, _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(PersistencyError) -> R {
    let db = try database()
    var text: UnsafeMutablePointer<CChar>?
    let pinned = RocksLayout.withStoredKey(category, key) { stored in
      rocksdb_get_pinned(db, reading, stored.chars, stored.count, &text)
    }
    if let text { throw RocksFailure(taking: text).error("reading a row") }
    guard let pinned else { return body(nil) }
    defer { rocksdb_pinnableslice_destroy(pinned) }
    var count = 0
    let start = rocksdb_pinnableslice_value(pinned, &count)
    return body(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// A number that rises with every row written, and with nothing else.
  func sequence() throws(PersistencyError) -> UInt64 { rocksdb_get_latest_sequence_number(try database()) }

  /// One of RocksDB's own numbers; nil when there is none of this name.
  func property(_ name: String) throws(PersistencyError) -> UInt64? {
    var value: UInt64 = 0
    return rocksdb_property_int(try database(), name, &value) == 0 ? value : nil
  }

  /// Whether the cache cannot hold all rows: tables are compressed to about half.
  var outgrowsCache: Bool {
    get throws(PersistencyError) {
      try property("rocksdb.live-sst-files-size") ?? 0 > UInt64(clamping: settings.options.sharedCacheBytes / 2)
    }
  }

  // MARK: Writes; under the write lock

  /// Commits a batch.
  func write(_ batch: RocksWriteBatch, sync: Bool) throws(PersistencyError) -> RocksFailure? {
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_write(try database(), sync ? syncing : writing, batch.batch, &text)
    return text.map(failed)
  }

  /// Makes all that was committed durable.
  func syncLog() throws(PersistencyError) -> RocksFailure? {
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_flush_wal(try database(), 1, &text)
    return text.map(failed)
  }

  func failed(_ text: UnsafeMutablePointer<CChar>) -> RocksFailure {
    hasFailed = true
    return RocksFailure(taking: text)
  }

  /// Has the memtable written out as a table.
  func flush() throws(PersistencyError) {
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_flush(try database(), flushing, &text)
    // What fails here fails the next write, which reports it.
    if let text { rocksdb_free(text) }
  }
}
