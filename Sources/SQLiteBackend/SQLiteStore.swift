import PersistencyCore

/// The open handles of one store.
final class SQLiteStore: Sendable {
  let file: SQLiteFile
  let readers: SQLiteReaders
  /// Nil when the store is read-only, or closed.
  let writer: Locked<SQLiteWriter?>
  let isReadOnly: Bool
  let durability: Durability
  private let claim: StoreRegistry.Claim
  /// The store's folder goes with it.
  private let isScratch: Bool

  init(
    _ file: SQLiteFile, _ readers: SQLiteReaders, _ writer: sending SQLiteWriter?, _ options: StoreOptions,
    _ claim: StoreRegistry.Claim, isScratch: Bool
  ) {
    self.file = file
    self.readers = readers
    self.writer = Locked(writer)
    isReadOnly = options.access == .readOnly
    durability = options.durability
    self.claim = claim
    self.isScratch = isScratch
  }

  /// Runs `body` with the writer, alone.
  func write<R: Sendable>(
    _ body: (inout SQLiteWriter) throws(PersistencyError) -> R
  ) throws(PersistencyError) -> R {
    if isReadOnly { throw PersistencyError(.unsupported, "\(file.path) is open read-only") }
    return try writer.withLock { slot throws(PersistencyError) in
      guard var writer = slot.take() else { throw PersistencyError(.closed, "\(file.path) is closed") }
      defer { slot = writer }
      return try body(&writer)
    }
  }

  /// Lends a connection for a visit, and sees to the log when it has ended.
  func visit(_ body: (SQLiteConnection) throws(PersistencyError) -> Void) throws(PersistencyError) {
    defer { settle() }
    try readers.visit(body)
  }

  /// Writes a compact copy of the last committed state to a file that is not there.
  ///
  /// - Parameter isStopped: Asked now and then; ends it, with an error.
  func copy(to path: String, unless isStopped: () -> Bool) throws(PersistencyError) {
    defer { settle() }
    try readers.visitAlone { connection throws(PersistencyError) in
      // Rows go by once: the file's cache and the copy's may be small.
      try connection.execute("PRAGMA query_only = OFF; PRAGMA cache_size = -2048")
      try connection.vacuum(into: path, unless: isStopped)
    }
  }

  private func settle() {
    // Whoever writes meanwhile sees to it too.
    if readers.releasesLog { _ = writer.withLockIfAvailable { $0?.settle() } }
  }

  /// Closes everything: readers first, so that the writer is the last and empties the log.
  func close() {
    readers.close()
    writer.withLock { writer in
      writer?.close()
      writer = nil
    }
    // SQLite syncs nothing at this level, and a clean close is to be one. There is nobody to tell if it fails.
    if durability == .volatile && !isReadOnly && !isScratch { try? file.sync() }
    if isScratch { file.removeWithFolder() }
    StoreRegistry.release(claim)
  }
}
