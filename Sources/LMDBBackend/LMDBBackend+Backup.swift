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
      try environment.pinned(gate) { _ throws(PersistencyError) in
        let source = try environment.openCopySource()
        defer { mdb_env_close(source) }
        try copy.fill(from: source)
      }
      copy.seal(LMDBMeta.firstCommit)
    }
  }
}

extension LMDBFolder {
  /// Makes the data file, of what an environment holds that nobody else uses; the caller keeps a snapshot of its store.
  func fill(from source: OpaquePointer) throws(PersistencyError) {
    let descriptor = open(data, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    if descriptor < 0 { throw lmdbError(errno, "making \(data)") }
    defer { close(descriptor) }
    var patience = 10
    while true {
      var code = mdb_env_copyfd2(source, descriptor, UInt32(MDB_CP_COMPACT))
      if code == 0 { return }
      // The file has grown past the source's map.
      if code == MDB_MAP_RESIZED {
        code = LMDBEnvironment.outgrow(source)
      } else if code == MDB_INCOMPATIBLE && patience > 0 {
        // For want of a lock a head was read just as it was written, which shows in the count of pages.
        patience -= 1
        code = 0
      }
      guard code == 0, ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
        throw lmdbError(code == 0 ? errno : code, "copying to \(data)")
      }
    }
  }
}

extension LMDBEnvironment {
  /// What a copy is made of: LMDB copies a whole environment, whose map must not move meanwhile, so that it is a second one, as in
  /// ``readOn()``, with a map of its own.
  ///
  /// Its snapshot needs no place among the readers: the caller's, which is no younger, keeps every page of it from being used again.
  fileprivate func openCopySource() throws(PersistencyError) -> OpaquePointer {
    let options = LMDBOptions(initialMapBytes: Self.smallestMap)
    return try Self.map(folder, StoreOptions(access: .readOnly, mustExist: true), options, extra: MDB_NOLOCK).handle
  }
}
