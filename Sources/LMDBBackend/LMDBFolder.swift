import CPersistencyLMDB

#if canImport(Glibc)
  // In an optimised build the compiler finds `struct stat` in this module, which Core brings along, not in Glibc.
  import CDispatch
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The folder of a store, examined and made before LMDB sees it: LMDB takes an empty, missing or foreign one for new.
struct LMDBFolder {
  let path: String
  var data: String { path + "/data.mdb" }
  var lock: String { path + "/lock.mdb" }

  /// Makes sure that there is a folder.
  ///
  /// - Throws: `.corrupted` when it is missing and must exist, a link, or something else. Nothing is changed then.
  func prepare(_ store: StoreOptions) throws(PersistencyError) {
    guard let folder = try status(path) else {
      guard mayCreate(store) else { throw Self.refused("\(path) is missing") }
      if mkdir(path, 0o700) != 0 && errno != EEXIST { throw lmdbError(errno, "making \(path)") }
      return
    }
    if folder.type == S_IFLNK { throw Self.refused("\(path) is a symbolic link, not the folder itself") }
    guard folder.type == S_IFDIR else { throw Self.refused("\(path) is not a folder") }
  }

  /// Looks at what is in the folder, which is not open in this process.
  ///
  /// - Returns: Whether there is a store in it.
  /// - Throws: `.corrupted` when the files are missing or emptied and must exist, or are somebody else's. Nothing is
  ///   changed then.
  func examine(_ store: StoreOptions) throws(PersistencyError) -> Bool {
    if let lock = try status(lock), lock.type != S_IFREG { throw Self.refused("\(self.lock) is not a plain file") }

    guard let file = try status(data), file.size > 0 || file.type != S_IFREG else {
      guard mayCreate(store) else { throw Self.refused("\(data) is missing or empty") }
      let strange = try entries().filter { $0 != "data.mdb" && $0 != "lock.mdb" }
      if let name = strange.first { throw Self.refused("\(path) holds other files (\(name)), and no LMDB store") }
      return false
    }
    guard file.type == S_IFREG else { throw Self.refused("\(data) is not a plain file") }
    if try status(path + "/CURRENT") != nil { throw Self.refused("\(path) is a RocksDB store") }
    try checkHeader()
    return true
  }

  private func mayCreate(_ store: StoreOptions) -> Bool { !store.mustExist && store.access == .readWrite }

  /// The apparent size of `data.mdb`; `stat` drops no lock.
  func dataSize() throws(PersistencyError) -> Int {
    guard let file = try status(data) else { throw Self.refused("\(data) is missing") }
    return file.size
  }

  /// After a failed making: a file with less than both heads would be taken for a damaged store, though nothing was ever in it.
  func discardHalfHead() {
    if let size = try? dataSize(), size < 2 * Int(sysconf(Int32(_SC_PAGESIZE))) { unlink(data) }
  }

  /// The bytes allocated for the store's files.
  func allocated() throws(PersistencyError) -> Int {
    try (status(data)?.allocated ?? 0) + (status(lock)?.allocated ?? 0)
  }

  /// Makes the folder's entries durable, and with `parent` its own name too.
  ///
  /// - Throws: What keeps it from being durable; a folder that this user may not read is left to the system.
  func sync(parent: Bool) throws(PersistencyError) {
    for folder in parent ? [path, path + "/.."] : [path] {
      let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      if descriptor < 0 {
        if errno == EACCES { continue }
        throw lmdbError(errno, "opening \(folder)")
      }
      defer { close(descriptor) }
      if fsync(descriptor) != 0 { throw lmdbError(errno, "syncing \(folder)") }
    }
  }

  /// Whether the file system has no room left to speak of, or the process may not make the file larger.
  func isFull() -> Bool {
    var system = statvfs()
    if statvfs(path, &system) == 0, UInt64(system.f_bavail) * UInt64(system.f_frsize) < 1 << 20 { return true }
    var limit = rlimit()
    #if canImport(Glibc)
      let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    #else
      let resource = RLIMIT_FSIZE
    #endif
    guard getrlimit(resource, &limit) == 0, let size = try? dataSize() else { return false }
    return limit.rlim_cur < UInt64(size) + 1 << 20
  }

  // MARK: What is there

  private struct Status {
    let type: mode_t
    let size: Int
    let allocated: Int
  }

  /// The status of the entry itself, not of what it links to; nil when there is none.
  private func status(_ path: String) throws(PersistencyError) -> Status? {
    var status = stat()
    if lstat(path, &status) == 0 {
      return Status(
        type: status.st_mode & S_IFMT, size: Int(status.st_size), allocated: Int(status.st_blocks) * 512)
    }
    if errno == ENOENT { return nil }
    throw lmdbError(errno, "examining \(path)")
  }

  private func entries() throws(PersistencyError) -> [String] {
    guard let folder = opendir(path) else { throw lmdbError(errno, "listing \(path)") }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      // In place: a copy of the whole field would read past the end of the list.
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// Refuses a file that is not LMDB's before LMDB makes a lock file beside it.
  ///
  /// Nobody has it open in this process yet.
  private func checkHeader() throws(PersistencyError) {
    let descriptor = open(data, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    if descriptor < 0 { throw lmdbError(errno, "opening \(data)") }
    defer { close(descriptor) }
    let pages = LMDBPages(descriptor: descriptor, size: try dataSize())
    let found = pages.metas()
    try pages.expectNoFailure(reading: data)
    guard let metas = found else { throw Self.refused("\(data) is not an LMDB file, or its head is damaged") }
    if metas[0].version != 1 && metas[0].version == metas[1].version {
      throw PersistencyError(
        .unsupported,
        "\(data) is of LMDB data version \(metas[0].version), and this library reads version 1; use one that knows it")
    }
    guard LMDBMeta.isPair(metas[0], metas[1]) else { throw Self.refused("the head of \(data) is damaged") }
  }

  static func refused(_ what: String) -> PersistencyError {
    PersistencyError(.corrupted, what + "; restore the store from a backup, or move this away")
  }
}
