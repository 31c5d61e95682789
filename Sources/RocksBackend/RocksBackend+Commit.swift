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
      readers += batches[index].count(where: \.readsEarlierOps)
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
        for row in rows { batch.put(row) }
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
  /// - Throws: What latched the store; `.storageFull` while there is no room.
  mutating func prepare(_ handle: RocksHandle) throws(PersistencyError) {
    if let latch { throw latch }
    guard let full = fullDisk else { return }
    let free = handle.folder.freeBytes
    // Opening anew stops the readers for a moment: not for every write that is tried on a disk still full.
    let hasMore = full.freeBytes.flatMap { before in free.map { $0 > before } } ?? true
    guard hasMore || full.instant.duration(to: .now) > .seconds(1) else { throw Self.stillFull }
    try reopen(handle)
    if fullDisk != nil { throw Self.stillFull }
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
    guard failure.isFull else {
      latch = PersistencyError(
        .backend, "the store takes no writes until it is opened again, because one failed: \(failure.text)",
        backendCode: failure.error("").backendCode)
      throw failure.error("committing", outcome: .unknown)
    }
    fullDisk = FullDisk(freeBytes: handle.folder.freeBytes, instant: .now)
    // The database refuses every further write until it is opened anew. Its log then tells whether the batch is in.
    let isReopened = (try? reopen(handle)) ?? false
    let isKnown = isReopened ? (try? handle.sequence()).map { $0 <= before } ?? false : !failure.isOfSync
    throw failure.error("committing", outcome: isKnown ? .notApplied : .unknown)
  }

  /// Opens the database anew: to write if there is room, else to read what is there.
  ///
  /// - Returns: Whether it was; not while a visit is inside, and the next write tries again.
  @discardableResult
  private mutating func reopen(_ handle: RocksHandle) throws(PersistencyError) -> Bool {
    guard let failures = handle.reopen([.write, .read]) else { return false }
    guard let failure = failures.first else {
      fullDisk = nil
      tombstones = 0
      return true
    }
    fullDisk = FullDisk(freeBytes: handle.folder.freeBytes, instant: .now)
    guard failure.isFull else { throw failure.error("opening the store anew after its disk was full") }
    return failures.count == 1
  }

  private static var stillFull: PersistencyError {
    PersistencyError(.storageFull, "the disk of the store is full, or a visit keeps it from reopening; make room")
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
