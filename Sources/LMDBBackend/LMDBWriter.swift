import CPersistencyLMDB
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The right to write, for one call: exists while the writer lock is held.
struct LMDBWriter {
  let environment: LMDBEnvironment
  /// The call came from inside a visit of this thread, whose snapshot the map must outlive.
  let isVisitor: Bool

  /// Runs `body` in a write transaction and commits it; with a larger map again, where the map was full.
  ///
  /// - Parameter sync: Makes this commit and all before it durable.
  func transaction<R>(
    sync: Bool, _ body: (LMDBTransaction) throws(PersistencyError) -> R
  ) throws(PersistencyError) -> R {
    if let failure = environment.latch.withLock({ $0 }) {
      throw PersistencyError(
        .backend,
        "an earlier commit failed, so that writes are refused until the store is opened again: \(failure.message)",
        backendCode: failure.backendCode)
    }
    try environment.renew(isVisitor: isVisitor)
    if !isVisitor { environment.growBeforeWrite() }
    while true {
      let handle = try begin()
      let result: R
      do throws(PersistencyError) {
        result = try body(LMDBTransaction(handle: handle, database: environment.database))
      } catch {
        mdb_txn_abort(handle)
        if error.isMapFull {
          try environment.grow(isVisitor: isVisitor)
          continue
        }
        throw error.backendCode == Int(EIO) && environment.folder.isFull() ? lmdbError(ENOSPC, "writing") : error
      }
      do throws(PersistencyError) {
        try commit(handle, sync: sync)
      } catch {
        guard error.isMapFull else { throw error }
        try environment.grow(isVisitor: isVisitor)
        continue
      }
      environment.growAhead()
      return result
    }
  }

  /// Makes all commits durable.
  func sync() throws(PersistencyError) {
    let code = mdb_env_sync(environment.handle, 1)
    if code != 0 { throw latch(code, "syncing") }
  }

  // MARK: Begin and end

  private func begin() throws(PersistencyError) -> OpaquePointer {
    var begun: OpaquePointer?
    var code =
      environment.isLost.load(ordering: .acquiring) ? MDB_PANIC : mdb_txn_begin(environment.handle, nil, 0, &begun)
    if code == MDB_MAP_RESIZED && !isVisitor {
      let moved = environment.mapGate.whenIdle(patience: environment.options.growthWait) {
        code = environment.adoptMap()
      }
      if moved && code == 0 { code = mdb_txn_begin(environment.handle, nil, 0, &begun) }
    }
    if code == 0, let begun {
      // A process that died in a read would pin the pages of its snapshot for good, and the file would grow with every commit.
      if mdb_txn_id(begun) % 1_024 == 0 { mdb_reader_check(environment.handle, nil) }
      return begun
    }
    if environment.isLost.load(ordering: .acquiring) { throw LMDBEnvironment.lost }
    throw lmdbError(code == MDB_MAP_RESIZED ? MDB_MAP_FULL : code, "beginning a write")
  }

  /// Commits; the transaction is gone then, whatever comes of it.
  private func commit(_ handle: OpaquePointer, sync: Bool) throws(PersistencyError) {
    let number = mdb_txn_id(handle)
    let raise = sync && environment.store.durability == .consistent
    if raise { mdb_env_set_flags(environment.handle, UInt32(MDB_NOMETASYNC), 0) }
    let code = mdb_txn_commit(handle)
    if raise { mdb_env_set_flags(environment.handle, UInt32(MDB_NOMETASYNC), 1) }

    let isThere = environment.lastCommit >= number
    if code == 0 {
      if isThere {
        environment.hasWritten.store(true, ordering: .relaxed)
      } else if raise {
        // It changed nothing, so that LMDB wrote nothing; what was acknowledged before may not be durable yet.
        try self.sync()
      }
      return
    }
    // LMDB's own codes come before the first byte is written, and so does a lack of memory.
    let isUnwritten = (code < 0 && code != MDB_PANIC) || code == ENOMEM
    if isUnwritten && !isThere { throw lmdbError(code, "committing") }
    let hasGivenUp = environment.hasGivenUp
    // A short write on a full disk comes as EIO; the meta pages have their room from the beginning.
    let isFull =
      [ENOSPC, EDQUOT, EFBIG].contains(code) || (code == EIO && !hasGivenUp && environment.folder.isFull())
    guard isFull && !isThere else { throw latch(code, "committing") }
    if hasGivenUp { environment.mustRenew.store(true, ordering: .releasing) }
    throw lmdbError(code == EIO ? ENOSPC : code, "committing")
  }

  private func latch(_ code: Int32, _ doing: String) -> PersistencyError {
    let found = lmdbError(code, doing)
    let error = PersistencyError(
      .backend, found.message + "; whether it was written is known once the store is opened again",
      backendCode: Int(code), outcome: .unknown)
    environment.latch.withLock { $0 = error }
    return error
  }
}

extension LMDBEnvironment {
  /// Takes the writer lock for one call.
  func write<R: Sendable>(_ calls: CallGate, _ body: (LMDBWriter) -> R) -> R {
    let isVisitor = mapGate.hasVisits && calls.isVisiting
    return mapGate.withWaitingVisitor(isVisitor) { arrived in
      writerLock.withLock { _ in
        arrived()
        return body(LMDBWriter(environment: self, isVisitor: isVisitor))
      }
    }
  }
}
