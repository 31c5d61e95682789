import CPersistencyLMDB
import PersistencyCore
import Synchronization

/// The open LMDB environment of one store, with its map, readers and writer lock.
///
/// All of LMDB's pointers live here and in what is borrowed from here.
final class LMDBEnvironment: @unchecked Sendable {
  // Sendable: LMDB takes calls from any thread under these rules: a transaction is used by one thread at a time (each is
  // local to one call; the idle ones are handed on by atomic exchange, and NOTLS frees them from the thread that began them); one
  // write transaction at a time (`writerLock`); the map moves, and the environment is opened anew, while nobody
  // reads (`mapGate`) or writes (`writerLock`). The rest is constant, atomic or behind a lock.

  /// LMDB's environment; nil only when it is lost.
  let main: Atomic<OpaquePointer?>
  /// One that only reads, where LMDB has given up on the other (``readOn()``).
  let spare = Atomic<OpaquePointer?>(nil)
  /// Held while either is put in place.
  let replacing = Locked(false)
  let database: MDB_dbi
  let folder: LMDBFolder
  let store: StoreOptions
  let options: LMDBOptions
  let pageSize: Int
  private let claim: StoreRegistry.Claim

  let mapGate = LMDBMapGate()
  let readers = LMDBReaders()
  let writerLock = Locked(false)
  /// Set by a commit whose outcome is unknown; writes throw it until the store is opened again.
  let latch = Locked<PersistencyError?>(nil)
  /// The map should become larger, because it is nearly full or a write found it so.
  let growthWanted = Atomic<Bool>(false)
  /// A write has failed, or waits, for want of a larger map.
  let growthNeeded = Atomic<Bool>(false)
  /// LMDB has given up on the environment for want of room on the disk: it has to be opened anew before the next write.
  let mustRenew = Atomic<Bool>(false)
  /// Neither map nor environment could be made again: nothing can be read any more.
  let isLost = Atomic<Bool>(false)
  let hasWritten = Atomic<Bool>(false)
  /// Snapshots that are held outside the map gate: as long as there is one, the environment is not opened anew.
  let pins = Atomic<Int>(0)

  init(
    _ opened: Opened, _ folder: LMDBFolder, _ store: StoreOptions, _ options: LMDBOptions, _ claim: StoreRegistry.Claim
  ) {
    main = Atomic(opened.handle)
    database = opened.database
    pageSize = opened.pageSize
    self.folder = folder
    self.store = store
    self.options = options
    self.claim = claim
  }

  /// Frees everything; called once, with nobody inside.
  func free() {
    // At `.full` every commit is durable already.
    if let handle, store.access == .readWrite && store.durability != .full && hasWritten.load(ordering: .relaxed) {
      mdb_env_sync(handle, 1)
      // There is nobody to tell if it fails.
      if store.durability == .volatile { try? folder.sync(parent: true) }
    }
    // Asked of a map that is gone, LMDB would end the process.
    let isSound =
      main.load(ordering: .relaxed) != nil && !isLost.load(ordering: .relaxed) && latch.withLock { $0 == nil }
    let last = isSound ? UInt64(lastCommit) : 0
    closeAll()
    if store.access == .readWrite && isSound && !folder.isSealed(last) { folder.seal(last) }
    StoreRegistry.release(claim)
  }

  /// Closes LMDB's environments, with no transaction in them but the idle ones.
  func closeAll() {
    readers.free()
    for environment in [spare.exchange(nil, ordering: .acquiring), main.exchange(nil, ordering: .acquiring)] {
      if let environment { mdb_env_close(environment) }
    }
  }

  var handle: OpaquePointer? { main.load(ordering: .acquiring) }

  // MARK: Reads

  /// Runs `body` in a snapshot of the last commit.
  @inline(__always)
  func read<R>(
    _ calls: CallGate, _ body: (LMDBTransaction) throws(PersistencyError) -> R
  ) throws(PersistencyError) -> R {
    mapGate.enter()
    let reader = try takeReader(calls)
    defer { mapGate.leave() }
    do throws(PersistencyError) {
      let result = try body(LMDBTransaction(handle: reader, database: database))
      readers.give(reader)
      return result
    } catch {
      // An error may have spoiled the transaction, so that it cannot be kept.
      mdb_txn_abort(reader)
      throw error
    }
  }

  /// Runs `body` with a snapshot that no writer reuses the pages of, but without the map, which may move meanwhile.
  func pinned<R>(
    _ calls: CallGate, _ body: (_ reader: OpaquePointer) throws(PersistencyError) -> R
  ) throws(PersistencyError) -> R {
    mapGate.enter()
    let reader = try takeReader(calls)
    pins.add(1, ordering: .relaxed)
    mapGate.leave()
    defer {
      mapGate.enter()
      mdb_txn_abort(reader)
      pins.subtract(1, ordering: .relaxed)
      mapGate.leave()
    }
    return try body(reader)
  }

  /// A transaction with a fresh snapshot; leaves the map gate when it throws.
  @inline(__always)
  private func takeReader(_ calls: CallGate) throws(PersistencyError) -> OpaquePointer {
    if !isLost.load(ordering: .relaxed), let reader = readers.take() {
      if mdb_txn_renew(reader) == 0 { return reader }
      mdb_txn_abort(reader)
    }
    return try beginReader(calls)
  }

  @inline(never)
  private func beginReader(_ calls: CallGate) throws(PersistencyError) -> OpaquePointer {
    var patience = 1_000
    while true {
      var begun: OpaquePointer?
      let isLost = isLost.load(ordering: .acquiring)
      let handle = spare.load(ordering: .acquiring) ?? handle
      let code = isLost ? MDB_PANIC : mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &begun)
      if code == 0, let begun { return begun }
      // Those of dead processes go; those of other threads may end.
      if code == MDB_READERS_FULL { mdb_reader_check(handle, nil) }
      mapGate.leave()
      switch code {
      case MDB_PANIC where !isLost:
        try readOn()
      case MDB_MAP_RESIZED:
        try followGrowth(isVisitor: mapGate.hasVisits && calls.isVisiting)
      case MDB_READERS_FULL where patience > 0:
        patience -= 1
        pause(milliseconds: 1)
      default:
        throw isLost ? Self.lost : lmdbError(code, "beginning a read")
      }
      mapGate.enter()
    }
  }

  static let lost = PersistencyError(
    .closed, "the store's map, or LMDB's environment, could not be made again; close the store and open it again")
}
