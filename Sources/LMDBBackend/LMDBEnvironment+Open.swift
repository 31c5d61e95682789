import CPersistencyLMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension LMDBEnvironment {
  struct Opened {
    let handle: OpaquePointer
    let database: MDB_dbi
    let pageSize: Int
  }

  static func open(
    _ path: String, _ store: StoreOptions, _ options: LMDBOptions
  ) throws(PersistencyError) -> LMDBEnvironment {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    let folder = LMDBFolder(path: path)
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw PersistencyError(.invalidArgument, "a store's path must not be empty, nor contain NUL")
    }
    // Only with the claim may files of the folder be opened.
    let claim = try StoreRegistry.claim(path) { () throws(PersistencyError) in try folder.prepare(store) }.claim
    do throws(PersistencyError) {
      let holdsStore = try folder.examine(store)
      let opened: Opened
      do throws(PersistencyError) {
        opened = try map(folder, store, options)
      } catch {
        if !holdsStore { folder.discardHalfHead() }
        throw error
      }
      do throws(PersistencyError) {
        try opened.examine(folder, store, options)
        try opened.settleFormat(store)
        if !holdsStore && store.durability != .volatile { try folder.sync(parent: true) }
      } catch {
        mdb_env_close(opened.handle)
        throw error
      }
      return LMDBEnvironment(opened, folder, store, options, claim)
    } catch {
      StoreRegistry.release(claim)
      throw error
    }
  }

  /// Opens the environment with as large a map as the process may have.
  ///
  /// - Parameter extra: Flags beside those that follow from `store`.
  static func map(
    _ folder: LMDBFolder, _ store: StoreOptions, _ options: LMDBOptions, extra: Int32 = 0
  ) throws(PersistencyError) -> Opened {
    let needed = (try? folder.dataSize()) ?? 0
    var size = max(options.initialMapBytes, smallestMap) / smallestMap * smallestMap
    while size / 4 * 3 < needed && size < largestMap { size *= 2 }
    while true {
      do throws(PersistencyError) {
        return try map(folder, store, options, extra, size)
      } catch {
        guard error.backendCode == Int(ENOMEM), size > smallestMap else { throw error }
        size = max(smallestMap, size / 2 / smallestMap * smallestMap)
      }
    }
  }

  /// 64 KiB, a whole number of pages wherever we run.
  static var smallestMap: Int { 1 << 16 }
  static var largestMap: Int { 1 << 46 }

  private static func map(
    _ folder: LMDBFolder, _ store: StoreOptions, _ options: LMDBOptions, _ extra: Int32, _ size: Int
  ) throws(PersistencyError) -> Opened {
    var flags = MDB_NOTLS | extra
    if store.access == .readOnly {
      flags |= MDB_RDONLY
    } else {
      switch store.durability {
      case .full: break
      case .consistent: flags |= MDB_NOMETASYNC
      case .volatile: flags |= MDB_NOSYNC
      }
    }
    var code = openEnvironment(folder, flags, options, size)
    // Where nobody may write there is no lock file, but no writer either.
    if code.failure == EROFS || code.failure == EPERM, store.access == .readOnly {
      code = openEnvironment(folder, flags | MDB_NOLOCK, options, size)
    }
    guard let handle = code.handle else { throw lmdbError(code.failure, "opening \(folder.path)") }
    var page = MDB_stat()
    mdb_env_stat(handle, &page)
    var database: MDB_dbi = 0
    do throws(PersistencyError) {
      let transaction = try begin(handle, MDB_RDONLY, "opening \(folder.path)")
      defer { mdb_txn_abort(transaction) }
      let failure = mdb_dbi_open(transaction, nil, 0, &database)
      if failure != 0 { throw lmdbError(failure, "opening \(folder.path)") }
    } catch {
      mdb_env_close(handle)
      throw error
    }
    return Opened(handle: handle, database: database, pageSize: Int(page.ms_psize))
  }

  /// Begins a transaction where nobody else uses the environment yet: in a larger map, when a writer has made the file
  /// outgrow it since it was opened.
  static func begin(
    _ handle: OpaquePointer, _ flags: Int32, _ doing: @autoclosure () -> String
  ) throws(PersistencyError) -> OpaquePointer {
    while true {
      var begun: OpaquePointer?
      var code = mdb_txn_begin(handle, nil, UInt32(flags), &begun)
      if code == 0, let begun { return begun }
      if code == MDB_MAP_RESIZED { code = outgrow(handle) }
      if code != 0 { throw lmdbError(code, doing()) }
    }
  }

  /// Makes the map larger than the file is now, with room to grow in; with no transaction in the environment.
  ///
  /// - Returns: LMDB's code; when it is not 0 the map is gone, and the environment can only be closed.
  static func outgrow(_ handle: OpaquePointer) -> Int32 {
    var page = MDB_stat()
    mdb_env_stat(handle, &page)
    var info = MDB_envinfo()
    mdb_env_info(handle, &info)
    let size = max(info.me_mapsize, (info.me_last_pgno + 1) * Int(page.ms_psize))
    return mdb_env_set_mapsize(handle, largerMap(than: size) ?? size)
  }

  private static func openEnvironment(
    _ folder: LMDBFolder, _ flags: Int32, _ options: LMDBOptions, _ size: Int
  ) -> (handle: OpaquePointer?, failure: Int32) {
    var created: OpaquePointer?
    var code = mdb_env_create(&created)
    guard code == 0, let handle = created else { return (nil, code) }
    mdb_env_set_mapsize(handle, size)
    mdb_env_set_maxreaders(handle, UInt32(clamping: max(options.maximumReaders, 1)))
    code = mdb_env_open(handle, folder.path, UInt32(flags), 0o600)
    if code == 0 {
      // LMDB marks every descriptor but this one: a program started by this process would keep the file open.
      var descriptor: mdb_filehandle_t = -1
      if mdb_env_get_fd(handle, &descriptor) == 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
      return (handle, 0)
    }
    // After a failed opening the handle must be closed all the same.
    mdb_env_close(handle)
    return (nil, code)
  }
}

extension LMDBEnvironment.Opened {
  /// Clears what dead processes left, and refuses a file that is damaged or was cut: LMDB would end the process on it.
  ///
  /// A file may be shorter than LMDB's head says and be sound, if its last pages were never written; they are made up for.
  fileprivate func examine(
    _ folder: LMDBFolder, _ store: StoreOptions, _ options: LMDBOptions
  ) throws(PersistencyError) {
    mdb_reader_check(handle, nil)
    try audit(folder, options)
    guard store.access == .readWrite, try folder.dataSize() < needed else { return }
    // By path, because closing a descriptor of our own would drop locks; in a write transaction, because another process
    // might be making the file longer.
    let transaction = try LMDBEnvironment.begin(handle, 0, "opening \(folder.path)")
    defer { mdb_txn_abort(transaction) }
    if try folder.dataSize() < needed && truncate(folder.data, off_t(needed)) != 0 {
      throw lmdbError(errno, "lengthening \(folder.data)")
    }
  }

  /// Looks at the pages, where they may be other than LMDB wrote them.
  private func audit(_ folder: LMDBFolder, _ options: LMDBOptions) throws(PersistencyError) {
    let findings = try LMDBAudit.untilFound { () throws(PersistencyError) in
      let reader = try LMDBEnvironment.begin(handle, MDB_RDONLY, "opening \(folder.path)")
      defer { mdb_txn_abort(reader) }
      let isTrusted = try folder.dataSize() > Self.alwaysExamined && folder.isSealed(UInt64(mdb_txn_id(reader)))
      return try LMDBAudit.findings(
        handle, reader, folder, budget: isTrusted ? nil : max(0, options.examinedBytes / pageSize))
    }
    if let finding = findings.first {
      throw LMDBFolder.refused("\(folder.data) is damaged: \(finding.message)")
    }
  }

  /// So small a store is examined in any case: it takes a millisecond or two.
  private static var alwaysExamined: Int { 4 << 20 }

  /// How long the file must be for every page in use.
  private var needed: Int {
    var info = MDB_envinfo()
    mdb_env_info(handle, &info)
    return (info.me_last_pgno + 1) * pageSize
  }

  /// Checks the format version; writes it to a new store.
  fileprivate func settleFormat(_ store: StoreOptions) throws(PersistencyError) {
    let reader = try LMDBEnvironment.begin(handle, MDB_RDONLY, "opening the store")
    let isNew = Result { () throws(PersistencyError) in
      try checkFormat(LMDBTransaction(handle: reader, database: database))
    }
    mdb_txn_abort(reader)
    guard try isNew.get() else { return }
    if store.mustExist || store.access == .readOnly { throw LMDBFolder.refused("the LMDB store has been emptied") }
    let writer = try LMDBEnvironment.begin(handle, 0, "making the store")
    do throws(PersistencyError) {
      let version = (0..<4).map { UInt8(truncatingIfNeeded: LMDBLayout.version >> (24 - 8 * $0)) }
      let transaction = LMDBTransaction(handle: writer, database: database)
      try LMDBLayout.formatKey.withBytes { key throws(PersistencyError) in
        try version.withBytes { version throws(PersistencyError) in try transaction.store(key, version) }
      }
    } catch {
      mdb_txn_abort(writer)
      throw error
    }
    var outcome = mdb_txn_commit(writer)
    // At `.consistent` a commit's head waits for the next one; this one must be there before anybody counts on the store.
    if outcome == 0 && store.durability == .consistent { outcome = mdb_env_sync(handle, 1) }
    if outcome != 0 { throw lmdbError(outcome, "making the store") }
  }

  /// - Returns: Whether the store has nothing in it yet, not even a version.
  private func checkFormat(_ transaction: LMDBTransaction) throws(PersistencyError) -> Bool {
    var flags: UInt32 = 0
    mdb_dbi_flags(transaction.handle, database, &flags)
    let found = try LMDBLayout.formatKey.withBytes { key throws(PersistencyError) in
      try transaction.stored(key).map { Array($0) }
    }
    guard let found else {
      var status = MDB_stat()
      mdb_stat(transaction.handle, database, &status)
      if status.ms_entries == 0 && flags == 0 { return true }
      throw LMDBFolder.refused("an LMDB store of another program")
    }
    guard found.count == 4, flags == 0 else { throw .lmdbLayout("a format record of \(found.count) bytes") }
    let version = found.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    if version != LMDBLayout.version {
      throw PersistencyError(
        .unsupported,
        "the LMDB store is of format \(version), and this library reads \(LMDBLayout.version); use a release that knows it"
      )
    }
    return false
  }
}
