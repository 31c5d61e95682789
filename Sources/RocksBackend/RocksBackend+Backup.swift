import CPersistencyRocksDB

extension RocksBackend {
  /// A checkpoint, which no writer waits for: tables never change, and get a second name where the copy is on the same file
  /// system.
  ///
  /// From a store that takes no writes the rows are copied: RocksDB would make a checkpoint of a database opened to read, and
  /// give the copy the very log that another process is writing.
  public func backup(to path: String) throws(PersistencyError) {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    try BackupFiles.make(at: path) { draft throws(PersistencyError) in
      // With a visit inside, the database is not exchanged for one that can be read only.
      handle.turnstile.enter(.visit)
      defer { handle.turnstile.leave(.visit) }
      let takesWrites = writer.withLock { $0.latch == nil && $0.shortage == nil } && store.access == .readWrite
      guard takesWrites else { return try copyRows(to: draft) }
      try handle.checkpoint(draft)
    }
  }

  /// Puts every row into a new store.
  private func copyRows(to path: String) throws(PersistencyError) {
    let cursor = RocksCursor(try handle.database(), cached: false)
    defer { cursor.close() }
    let copy = try RocksCopy(path, handle.settings)
    defer { copy.close() }
    cursor.begin(reverse: false)
    while cursor.isValid {
      try copy.put(cursor.key, cursor.payload)
      cursor.advance(reverse: false)
      try gate.checkOpen()
    }
    try cursor.finish("copying the store")
    try copy.finish()
  }
}

/// A new store that is filled row by row and is nobody's yet, so that it needs no log.
private final class RocksCopy {
  private let db: OpaquePointer
  private let writing: OpaquePointer = rocksdb_writeoptions_create()
  private let batch = RocksWriteBatch()
  private var bytes = 0

  init(_ path: String, _ settings: RocksSettings) throws(PersistencyError) {
    switch settings.open(path, .create) {
    case .success(let db): self.db = db
    case .failure(let failure): throw failure.error("making \(path)")
    }
    rocksdb_writeoptions_disable_WAL(writing, 1)
  }

  func put(_ key: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) throws(PersistencyError) {
    batch.put(key, payload)
    bytes += key.count + payload.count
    if bytes >= 256 << 10 { try write() }
  }

  /// Writes out what is left; all is in tables then.
  func finish() throws(PersistencyError) {
    try write()
    let waiting = rocksdb_flushoptions_create()
    defer { rocksdb_flushoptions_destroy(waiting) }
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_flush(db, waiting, &text)
    try Self.check(text)
  }

  func close() {
    rocksdb_close(db)
    rocksdb_writeoptions_destroy(writing)
  }

  private func write() throws(PersistencyError) {
    if batch.isEmpty { return }
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_write(db, writing, batch.batch, &text)
    try Self.check(text)
    batch.clear()
    bytes = 0
  }

  private static func check(_ text: UnsafeMutablePointer<CChar>?) throws(PersistencyError) {
    if let text { throw RocksFailure(taking: text).error("writing the copy of the store") }
  }
}
