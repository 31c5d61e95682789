import CPersistencyLMDB
import Synchronization

// LMDB gives up on an environment whose meta page it could not write: no transaction begins in it any more, not even to
// read, until it is closed and opened again. Read transactions that are under way go on.

extension LMDBEnvironment {
  /// Lets reads go on where LMDB has given up: in a second environment, which only reads.
  ///
  /// At once, whatever visits are under way in the first one. It opens `data.mdb` alone, which LMDB locks not at all,
  /// so that nothing of the first one's locks is lost. It has no place in the table of readers and needs none: nobody
  /// writes before both are closed, neither this store, which is latched or waits to be renewed, nor, for the job's lock,
  /// another process.
  func readOn() throws(PersistencyError) {
    try replacing.withLock { _ throws(PersistencyError) in
      guard spare.load(ordering: .acquiring) == nil, hasGivenUp else { return }
      let opened = try Self.map(
        folder, StoreOptions(access: .readOnly, mustExist: true), options, extra: MDB_NOLOCK)
      spare.store(opened.handle, ordering: .releasing)
    }
  }

  /// Whether LMDB begins no transaction any more; asked with the environment kept in place.
  var hasGivenUp: Bool {
    guard let handle else { return false }
    var probe: OpaquePointer?
    let code = mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &probe)
    if code == 0 { mdb_txn_abort(probe) }
    return code == MDB_PANIC
  }

  /// Opens the environment anew before a write, where it has to be; by the holder of the writer lock.
  ///
  /// - Throws: `.storageFull` while visits are under way in the old one, which may be tried again when they have ended.
  func renew(isVisitor: Bool) throws(PersistencyError) {
    guard mustRenew.load(ordering: .acquiring) else { return }
    let later = PersistencyError(
      .storageFull,
      "LMDB found the disk full, and goes on to write when the visits under way have ended; try again then")
    if isVisitor { throw later }
    var failure: PersistencyError?
    let moved = mapGate.whenIdle(patience: options.growthWait) {
      failure = pins.load(ordering: .acquiring) > 0 ? later : reopen()
    }
    if !moved { throw later }
    if let failure { throw failure }
  }

  /// Closes all that is open and opens it again, with nobody inside.
  private func reopen() -> PersistencyError? {
    replacing.withLock { _ in
      let last = lastCommit
      closeAll()
      do throws(PersistencyError) {
        // LMDB would make a missing file anew.
        if try folder.dataSize() == 0 { throw Self.lost }
        main.store(try Self.map(folder, store, options).handle, ordering: .releasing)
        if lastCommit != last { throw Self.lost }
        mustRenew.store(false, ordering: .releasing)
        return nil
      } catch {
        isLost.store(true, ordering: .releasing)
        return Self.lost
      }
    }
  }

  /// The number of the last commit.
  var lastCommit: Int {
    var info = MDB_envinfo()
    mdb_env_info(handle, &info)
    return info.me_last_txnid
  }
}
