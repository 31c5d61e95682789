extension RocksBackend {
  /// - Throws: `.unsupported` when the store was opened to read; `.invalidArgument` for a durable write to a volatile store.
  func checkWritable(sync: Bool) throws(PersistencyError) {
    if store.access == .readOnly {
      throw PersistencyError(.unsupported, "the store was opened with access .readOnly")
    }
    if sync && store.durability == .volatile {
      throw PersistencyError(.invalidArgument, "a .volatile store has no durable writes; open it at another durability")
    }
  }

  /// Commits the batches that have not failed yet, as one write; with the gate entered.
  func commit(_ batches: [[TxOp]], sync: Bool, _ outcomes: inout [Result<Void, PersistencyError>]) {
    var readers = 0
    for index in batches.indices where outcomes[index].isSuccess {
      readers += batches[index].readers
    }
    writer.withLock { writer in
      do throws(PersistencyError) {
        try writer.prepare(handle)
        var group = RocksGroup(handle, readers: readers)
        for index in batches.indices where outcomes[index].isSuccess {
          do throws(PersistencyError) {
            try group.append(batches[index])
          } catch {
            outcomes[index] = .failure(error)
          }
        }
        try writer.write(group.batch, tombstones: group.tombstones, sync: sync, full: isFull, to: handle)
      } catch {
        outcomes.failRest(error)
      }
    }
  }

  /// Deletes a row, with the gate entered.
  ///
  /// - Returns: Whether it was there.
  func commitDelete(_ category: String, _ key: Key) throws(PersistencyError) -> Bool {
    let outcome = writer.withLock { writer in
      Result { () throws(PersistencyError) in
        try writer.prepare(handle)
        guard try handle.withPayload(category, key, { $0 != nil }) else { return false }
        let batch = RocksWriteBatch()
        batch.delete(category, key)
        try writer.write(batch, tombstones: 0, sync: false, full: isFull, to: handle)
        return true
      }
    }
    return try outcome.get()
  }

  /// Puts the rows, with the gate entered.
  func commitRows(_ rows: [RawRow]) throws(PersistencyError) {
    let outcome = writer.withLock { writer in
      Result { () throws(PersistencyError) in
        try writer.prepare(handle)
        let batch = RocksWriteBatch()
        // In the span, so that no row is copied out of the array.
        let rows = rows.span
        for index in rows.indices { batch.put(rows[index]) }
        try writer.write(batch, tombstones: 0, sync: false, full: isFull, to: handle)
      }
    }
    try outcome.get()
  }

  /// Whether every commit is synced.
  private var isFull: Bool { store.durability == .full }
}

extension RocksWriter {
  /// Sees to it that the database takes writes.
  ///
  /// - Throws: What latched the store; `.storageFull` while there is no room, `.backend` while there are no descriptors.
  mutating func prepare(_ handle: RocksHandle) throws(PersistencyError) {
    if let latch { throw latch }
    guard let shortage else { return }
    guard shortage.mayHaveEnded(in: handle.folder) else { throw shortage.error }
    try reopen(handle)
    if let shortage = self.shortage { throw shortage.error }
  }

  /// Writes a group's batch, and keeps account of what became of the database.
  mutating func write(
    _ batch: RocksWriteBatch, tombstones added: Int, sync: Bool, full: Bool, to handle: RocksHandle
  ) throws(PersistencyError) {
    if batch.isEmpty && !sync { return }
    let before = try handle.sequence()
    let failure = batch.isEmpty ? try handle.syncLog() : try handle.write(batch, sync: sync || full)
    guard let failure else {
      tombstones += added
      if tombstones > Self.tombstoneLimit {
        try handle.flush()
        tombstones = 0
      }
      return
    }
    throw take(failure, "committing", handle) { sequence in sequence <= before }
  }

  /// Has the database take over a table.
  mutating func ingest(_ table: RocksTable, into handle: RocksHandle) throws(PersistencyError) {
    try prepare(handle)
    // A table is durable at once: what was written before it has to be, too, or a power loss would keep the later rows alone.
    if handle.settings.durability == .consistent, let failure = try handle.syncLog() {
      throw take(failure, "importing", handle) { _ in false }
    }
    // Whether it was taken over, no number tells.
    if let failure = try handle.ingest(table) { throw take(failure, "importing", handle) { _ in false } }
  }

  /// Keeps account of a write that failed.
  ///
  /// - Parameter isAsBefore: Whether the database's number, once it is open anew, shows that nothing was written.
  /// - Returns: The error for it.
  private mutating func take(
    _ failure: RocksFailure, _ doing: String, _ handle: RocksHandle, _ isAsBefore: (UInt64) -> Bool
  ) -> PersistencyError {
    guard let found = Shortage(failure, in: handle.folder) else {
      latch = Self.latched(failure)
      return failure.error(doing, outcome: .unknown)
    }
    shortage = found
    // The database refuses every further write until it is opened anew. Its log then tells whether the batch is in.
    // Without descriptors it was a new file that could not be made, before anything of the batch was written; to open anew must wait.
    let isReopened = failure.isFull ? (try? reopen(handle)) ?? false : false
    let isKnown = isReopened ? (try? handle.sequence()).map(isAsBefore) ?? false : !failure.isOfSync
    if !isKnown { latch = Self.latched(failure) }
    return failure.error(doing, outcome: isKnown ? .notApplied : .unknown)
  }

  private static func latched(_ failure: RocksFailure) -> PersistencyError {
    PersistencyError(
      .backend, "the store takes no writes until it is opened again, because one failed: \(failure.text)",
      backendCode: failure.error("").backendCode)
  }

  /// Opens the database anew: to write if there is room, else to read what is there.
  ///
  /// - Returns: Whether it was; not while a visit is inside, and the next write tries again.
  @discardableResult
  private mutating func reopen(_ handle: RocksHandle) throws(PersistencyError) -> Bool {
    guard let failures = handle.reopen([.write, .read]) else { return false }
    guard let failure = failures.first else {
      shortage = nil
      tombstones = 0
      return true
    }
    guard let found = Shortage(failure, in: handle.folder) else {
      throw failure.error("opening the store anew after a shortage")
    }
    shortage = found
    return failures.count == 1
  }
}

extension Result {
  var isSuccess: Bool {
    if case .success = self { true } else { false }
  }
}

extension [Result<Void, PersistencyError>] {
  /// Gives all that have not failed yet the same failure.
  mutating func failRest(_ error: PersistencyError) {
    for index in indices where self[index].isSuccess { self[index] = .failure(error) }
  }
}
