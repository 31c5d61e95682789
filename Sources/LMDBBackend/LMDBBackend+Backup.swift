import CPersistencyLMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension LMDBBackend {
  /// `mdb_env_copyfd2` with `MDB_CP_COMPACT`: the pages in use, in key order, and none of the free ones.
  ///
  /// Writers go on, and the map may grow. What they delete or overwrite meanwhile is not used again until the copy is done, so that the file
  /// grows as under any long visit. LMDB cannot be stopped in it: closing the store waits for its end.
  public func backup(to path: String) throws(PersistencyError) {
    try gate.enter()
    defer { gate.leave() }
    try BackupFiles.make(at: path) { draft throws(PersistencyError) in
      let copy = LMDBFolder(path: draft)
      try copy.prepare(StoreOptions())
      try environment.pinned(gate) { _ throws(PersistencyError) in try copy.fill(from: environment) }
      copy.seal(LMDBMeta.firstCommit)
    }
  }
}

extension LMDBFolder {
  /// Makes the data file, of what an environment holds; the caller keeps a snapshot there.
  fileprivate func fill(from environment: LMDBEnvironment) throws(PersistencyError) {
    let descriptor = open(data, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    if descriptor < 0 { throw lmdbError(errno, "making \(data)") }
    defer { close(descriptor) }
    var patience = 10
    while true {
      let code = try environment.copy(to: descriptor)
      if code == 0 { return }
      // The file has grown past the copy's map, or, for want of a lock, a head was read just as it was written: that shows in the count of
      // pages.
      guard code == MDB_MAP_RESIZED || code == MDB_INCOMPATIBLE, patience > 0,
        ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0
      else { throw lmdbError(code, "copying to \(data)") }
      patience -= 1
    }
  }
}

extension LMDBEnvironment {
  /// Writes what the store holds, compacted.
  ///
  /// LMDB copies a whole environment, whose map must not move meanwhile. So it is a second one, as in ``readOn()``, which has a
  /// map of its own. Its snapshot needs no place among the readers: the caller's, which is no younger, keeps every page of it from being used again.
  ///
  /// - Returns: LMDB's code.
  fileprivate func copy(to descriptor: Int32) throws(PersistencyError) -> Int32 {
    let options = LMDBOptions(initialMapBytes: Self.smallestMap)
    let opened = try Self.map(folder, StoreOptions(access: .readOnly, mustExist: true), options, extra: MDB_NOLOCK)
    defer { mdb_env_close(opened.handle) }
    return mdb_env_copyfd2(opened.handle, descriptor, UInt32(MDB_CP_COMPACT))
  }
}
