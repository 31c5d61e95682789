import CPersistencyLMDB
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Moving the map; always by the holder of the writer lock, with no transaction open.

extension LMDBEnvironment {
  /// Makes the map larger once no read is inside.
  ///
  /// - Throws: `.storageFull` when it would have to wait for its own visit, or for one that waits for it, or too long; growth
  ///   happens when the visit ends. Also when there is no address space.
  func grow(isVisitor: Bool) throws(PersistencyError) {
    growthWanted.store(true, ordering: .releasing)
    growthNeeded.store(true, ordering: .releasing)
    if isVisitor { throw Self.later("this write was made inside a visit") }
    var failure: PersistencyError?
    let moved = mapGate.whenIdle(patience: options.growthWait) { failure = moveMap() }
    if !moved { throw Self.later("visits are reading it") }
    if let failure { throw failure }
  }

  /// Makes the map larger now or not at all.
  func growIfIdle() {
    _ = mapGate.ifIdle { _ = moveMap() }
  }

  /// Makes up for growth that could not happen when it was asked for; a writer waits a few milliseconds for it at most.
  func growBeforeWrite() {
    guard growthWanted.load(ordering: .acquiring) else { return }
    if growthNeeded.load(ordering: .acquiring) {
      _ = mapGate.soon { _ = moveMap() }
    } else {
      growIfIdle()
    }
  }

  /// After a visit: makes up for the growth that waited for it.
  func growAfterVisit() {
    guard growthWanted.load(ordering: .acquiring) else { return }
    _ = writerLock.withLockIfAvailable { _ in mapGate.soon { _ = moveMap() } }
  }

  /// Before a visit: where a write has failed for want of a larger map, lets the visits that are under way end first, for a
  /// moment only, so that visits which follow one another without a gap do not keep the map small for ever.
  func letGrowthPass(_ calls: CallGate) {
    guard growthNeeded.load(ordering: .relaxed), !calls.isVisiting else { return }
    for _ in 0..<20 where growthNeeded.load(ordering: .acquiring) {
      if !mapGate.hasVisits { growAfterVisit() }
      pause(milliseconds: 1)
    }
  }

  /// Asks for growth ahead of need, when no read stands in its way: at three quarters.
  func growAhead() {
    let (used, size) = mapUse
    if used > size / 4 * 3 && size < Self.largestMap { growthWanted.store(true, ordering: .releasing) }
    if growthWanted.load(ordering: .acquiring) { growIfIdle() }
  }

  /// Takes over a map that another process made larger.
  func followGrowth(isVisitor: Bool) throws(PersistencyError) {
    if isVisitor { throw Self.later("another process made it larger, and this call came from a visit") }
    var code: Int32 = 0
    let moved = writerLock.withLock { _ in mapGate.whenIdle(patience: options.growthWait) { code = adoptMap() } }
    if !moved { throw Self.later("another process made it larger, and visits are reading it") }
    if code != 0 { throw Self.lost }
  }

  /// Takes over the size that is in the file; also for a writer, who holds the lock.
  func adoptMap() -> Int32 {
    for environment in [handle, spare.load(ordering: .acquiring)] {
      guard let environment else { continue }
      let code = mdb_env_set_mapsize(environment, 0)
      if code == 0 { continue }
      isLost.store(true, ordering: .releasing)
      return code
    }
    return 0
  }

  private var mapUse: (used: Int, size: Int) {
    var info = MDB_envinfo()
    mdb_env_info(handle, &info)
    return ((info.me_last_pgno + 1) * pageSize, info.me_mapsize)
  }

  /// Doubles the map, or makes it as much larger as the process may.
  private func moveMap() -> PersistencyError? {
    growthWanted.store(false, ordering: .releasing)
    growthNeeded.store(false, ordering: .releasing)
    let size = mapUse.size
    guard let larger = Self.largerMap(than: size) else {
      return PersistencyError(
        .storageFull,
        "LMDB's map of \(size) bytes is full, and the process may have no more address space (ulimit -v)",
        backendCode: Int(ENOMEM))
    }
    let code = mdb_env_set_mapsize(handle, larger)
    if code == 0 { return nil }
    // LMDB has let go of the old map by now: nothing may touch it again.
    isLost.store(true, ordering: .releasing)
    return Self.lost
  }

  /// Twice the size, or as much more as the process may have; nil when it may have nothing.
  static func largerMap(than size: Int) -> Int? {
    [size, size / 2, size / 4].lazy.map { (size + $0) / smallestMap * smallestMap }
      .first { $0 > size && $0 <= largestMap && hasAddressSpace($0 - size) }
  }

  /// Whether so many bytes more could be mapped: trying with the map itself would lose it.
  private static func hasAddressSpace(_ bytes: Int) -> Bool {
    let probe = mmap(nil, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let probe, probe != MAP_FAILED else { return false }
    munmap(probe, bytes)
    return true
  }

  private static func later(_ why: String) -> PersistencyError {
    PersistencyError(
      .storageFull, "LMDB's map has to become larger first, and \(why); try again when the visit has ended",
      backendCode: Int(MDB_MAP_FULL))
  }
}

func pause(milliseconds: UInt32) { usleep(milliseconds * 1_000) }
