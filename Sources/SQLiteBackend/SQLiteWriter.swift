import PersistencyCore
import Synchronization

/// The one connection that writes and checkpoints, and what it knows of the log; used under the store's write lock.
struct SQLiteWriter {
  let connection: SQLiteConnection
  let readers: SQLiteReaders
  let durability: Durability
  let busyMilliseconds: Int32
  /// Set when a commit came to an unknown end: every write throws it until the store is reopened.
  private(set) var latch: PersistencyError?
  /// Whether commits may lie in the log that were never synced; those of an earlier process count.
  private var unsynced = true
  /// Frames in the log after the last commit that wrote any.
  private var frames = 0
  /// The number of frames at which to checkpoint next.
  private var checkpointAt = Self.checkpointFrames

  /// 16 MiB of pages: bulk writes were a quarter faster than with SQLite's 1,000.
  private static let checkpointFrames = 4_000
  /// While a running visit holds the log, try again after so many more: each try reads the log's whole index.
  private static let retryFrames = 1_000
  /// From here on the log's file is cut when it has been moved.
  private static let truncateFrames = 12_000

  init(_ connection: SQLiteConnection, _ readers: SQLiteReaders, _ durability: Durability, busyMilliseconds: Int32) {
    self.connection = connection
    self.readers = readers
    self.durability = durability
    self.busyMilliseconds = busyMilliseconds
    connection.watchLog()
  }

  /// Closes as the last connection, moving the log into the file; a latched store keeps its log for the next opening.
  func close() {
    connection.close(checkpoint: latch == nil)
  }

  // MARK: Batches

  /// One transaction for the batch.
  mutating func apply(_ ops: [TxOp], sync: Bool = false) throws(PersistencyError) {
    if ops.isEmpty && !sync { return }
    try transaction(sync: sync) { connection throws(PersistencyError) in
      try connection.apply(ops)
    }
  }

  /// One transaction for the rows.
  mutating func put(_ rows: [RawRow]) throws(PersistencyError) {
    if rows.isEmpty { return }
    try transaction(sync: false) { connection throws(PersistencyError) in
      for row in rows { try connection.put(row) }
    }
  }

  /// Whether there was a row, which is gone now.
  mutating func delete(_ category: String, _ key: Key) throws(PersistencyError) -> Bool {
    try transaction(sync: false) { connection throws(PersistencyError) in
      try connection.delete(category, key)
      return connection.changes > 0
    }
  }

  /// One transaction for all batches, if none of them fails; else one for each.
  ///
  /// - Parameter outcomes: Those of the batches already refused stay; the others are set.
  mutating func apply(_ batches: [[TxOp]], sync: Bool, _ outcomes: inout [Result<Void, PersistencyError>]) {
    let wanted = batches.indices.filter { if case .success = outcomes[$0] { true } else { false } }
    guard let first = wanted.first else { return }
    if wanted.count == 1 {
      outcomes[first] = Result { () throws(PersistencyError) in try apply(batches[first], sync: sync) }
      return
    }
    var conflicts: [Int: PersistencyError] = [:]
    do throws(PersistencyError) {
      try transaction(sync: sync) { connection throws(PersistencyError) in
        for index in wanted {
          do throws(PersistencyError) {
            try connection.apply(batches[index])
          } catch {
            // A batch whose first ops are the expectations that fail has left no trace, and spoils nothing.
            guard error.kind == .conflict, !batches[index].writesBeforeItsLastExpectation else { throw error }
            conflicts[index] = error
          }
        }
      }
    } catch {
      // An end that is unknown is everybody's; so is a file that another process holds.
      if error.outcome == .unknown || latch != nil || error.kind == .locked {
        for index in wanted { outcomes[index] = .failure(error) }
        return
      }
      for index in wanted {
        outcomes[index] = Result { () throws(PersistencyError) in try apply(batches[index], sync: sync) }
      }
      return
    }
    for (index, error) in conflicts { outcomes[index] = .failure(error) }
  }

  // MARK: Transactions

  /// `BEGIN IMMEDIATE … COMMIT` around `body`, or nothing of it.
  mutating func transaction<R>(
    sync: Bool, _ body: (SQLiteConnection) throws(PersistencyError) -> R
  ) throws(PersistencyError) -> R {
    if let latch { throw Self.latched(latch) }
    let raises = sync && durability == .consistent
    if raises { try connection.execute("PRAGMA synchronous = FULL") }
    let result: R
    do throws(PersistencyError) {
      try connection.run(.beginImmediate)
      result = try body(connection)
      try commit(synced: raises || durability == .full)
      if raises && unsynced { try touch() }
    } catch {
      if !connection.rollback() { latch = latch ?? error }
      if raises { lower() }
      if error.kind == .storageFull && latch == nil { recycle() }
      throw error
    }
    if raises { lower() }
    return result
  }

  /// Ends the transaction; afterwards it is in the store, or it is not, or nobody knows and the store is latched.
  private mutating func commit(synced: Bool) throws(PersistencyError) {
    readers.commitBegins()
    defer { readers.commitEnded() }
    _ = connection.takeFrames()
    do throws(PersistencyError) {
      try connection.run(.commit)
    } catch {
      let gone = connection.rollback()
      if gone && SQLiteError.leavesNothing(error) { throw error }
      let unknown = PersistencyError(
        error.kind == .corrupted ? .corrupted : .backend,
        error.message + "; the batch is in the store as a whole or not at all: reopen it to know",
        backendCode: error.backendCode, outcome: .unknown)
      latch = unknown
      throw unknown
    }
    let written = connection.takeFrames()
    // Without a changed page SQLite writes nothing, and syncs nothing.
    if written == 0 { return }
    unsynced = !synced
    frames = written
    if frames < checkpointAt {
      if frames < Self.checkpointFrames { checkpointAt = Self.checkpointFrames }
      return
    }
    checkpoint()
  }

  /// Makes all that was committed before durable, by one more page in the log: the version, as it was.
  private mutating func touch() throws(PersistencyError) {
    try connection.run(.beginImmediate)
    try connection.execute("PRAGMA user_version = \(SQLiteLayout.version)")
    try commit(synced: true)
  }

  private mutating func lower() {
    do throws(PersistencyError) { try connection.execute("PRAGMA synchronous = NORMAL") } catch {
      latch = latch ?? error
    }
  }

  private static func latched(_ cause: PersistencyError) -> PersistencyError {
    PersistencyError(
      .backend, "nothing is written since a commit came to an unknown end; reopen the store (\(cause.message))",
      backendCode: cause.backendCode)
  }

  // MARK: The log

  /// Makes up for a checkpoint that had to wait for a visit, when the last visit has ended.
  mutating func settle() {
    guard frames >= Self.checkpointFrames, latch == nil else { return }
    readers.commitBegins()
    defer { readers.commitEnded() }
    checkpoint()
  }

  /// On a full disk, makes the room that the log takes usable again, so that deletes need none of the disk.
  private mutating func recycle() {
    readers.commitBegins()
    defer { readers.commitEnded() }
    checkpoint(cutting: false)
  }

  /// Moves what it can of the log into the file and cuts both, whatever their length.
  ///
  /// - Throws: What latched the store.
  mutating func emptyLog() throws(PersistencyError) {
    if let latch { throw Self.latched(latch) }
    readers.commitBegins()
    defer { readers.commitEnded() }
    checkpoint(cutting: true)
    if let latch { throw Self.latched(latch) }
  }

  /// Between ``SQLiteReaders/commitBegins()`` and ``SQLiteReaders/commitEnded()``, so that no idle reader is in the way.
  ///
  /// - Parameter cutting: Whether the log's file is cut; nil when it has grown long.
  private mutating func checkpoint(cutting: Bool? = nil) {
    readers.endKept()
    readers.holdsLog.store(false, ordering: .relaxed)
    let truncates = cutting ?? (frames >= Self.truncateFrames)
    do throws(PersistencyError) {
      if try connection.checkpoint(truncate: truncates, busyMilliseconds: busyMilliseconds) {
        frames = 0
        checkpointAt = Self.checkpointFrames
      } else {
        checkpointAt = frames + Self.retryFrames
        readers.holdsLog.store(true, ordering: .relaxed)
      }
    } catch {
      // The commits are in the log, whole, and a page that could not be written may be tried again. Not so after a failed
      // sync: the system may call pages written that are not, and what is left of them is the log.
      checkpointAt = frames + Self.retryFrames
      if !SQLiteError.mayCheckpointAgain(after: error) { latch = latch ?? error }
    }
  }
}

extension [TxOp] {
  /// Whether a failing expectation could find writes of this batch already made.
  fileprivate var writesBeforeItsLastExpectation: Bool {
    var wrote = false
    let ops = span
    for index in ops.indices {
      if case .expect = ops[index] {
        if wrote { return true }
      } else {
        wrote = true
      }
    }
    return false
  }
}

extension SQLiteConnection {
  /// Runs the ops in the open transaction.
  fileprivate func apply(_ ops: [TxOp]) throws(PersistencyError) {
    // In the span, so that no op is copied out of its batch.
    let ops = ops.span
    for index in ops.indices {
      switch ops[index] {
      case .put(let category, let key, let payload): try put(category, key, payload)
      case .delete(let category, let key): try delete(category, key)
      case .deleteRange(let category, let range): try delete(category, range)
      case .expect(let category, let key, let payload):
        guard try holds(category, key, payload) else {
          let fault = payload == nil ? "the key is present" : "the payload is another, or missing"
          throw PersistencyError(.conflict, "an expectation failed in category \"\(category)\" at \(key): \(fault)")
        }
      }
    }
  }
}
