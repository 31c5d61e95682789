import CPersistencyRocksDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The folder of a store, as seen from outside: names and sizes, never a file's contents.
///
/// Nobody but RocksDB opens its files while the store is open: closing one again would drop the lock on it. Listing and `stat` are
/// safe.
struct RocksFolder {
  let path: String

  /// What is there before the store opens.
  enum State: Equatable {
    /// Nothing, not even the folder.
    case absent
    /// The folder, empty or with what an interrupted creation leaves: no row was ever written.
    case fresh
    case store
  }

  /// Looks without changing anything.
  ///
  /// - Throws: `.corrupted` for a symbolic link, a plain file, another program's folder or a store whose `CURRENT` is gone.
  func examine() throws(PersistencyError) -> State {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return .absent }
      throw failure("cannot examine")
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: break
    case S_IFLNK:
      throw PersistencyError(.corrupted, "\(path) is a symbolic link; open the store by its own path")
    default: throw PersistencyError(.corrupted, "\(path) is not a folder, as a RocksDB store would be; move it away")
    }
    if let link = try link() {
      throw PersistencyError(.corrupted, "\(path)/\(link) is a symbolic link; put the file itself there")
    }
    let names = try names()
    if names.contains("CURRENT") { return .store }
    if let strange = names.first(where: { !Self.isLeftover($0) }) {
      throw PersistencyError(
        .corrupted,
        "\(path) is no RocksDB store, or a damaged one: it holds \(strange) but no CURRENT; move it away, or restore it from a backup"
      )
    }
    return .fresh
  }

  /// RocksDB writes these before `CURRENT`, and any table or log after it.
  private static func isLeftover(_ name: String) -> Bool {
    ["LOCK", "LOG", "IDENTITY"].contains(name) || name.hasPrefix("LOG.old.") || name.hasPrefix("MANIFEST-")
      || name.hasSuffix(".dbtmp")
  }

  /// RocksDB makes these anew where they are missing.
  @Sendable static func isExpendable(_ name: String) -> Bool {
    name == "LOCK" || name == "IDENTITY" || name.hasPrefix("LOG") || name.hasPrefix("OPTIONS-")
  }

  /// Makes the folder, for its owner alone.
  func create() throws(PersistencyError) {
    // Another process may have been quicker; who opens it is for RocksDB's lock to decide.
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("cannot create") }
    persistency_rocks_set_default_list(path)
    try RocksFolder(path: parent).sync()
  }

  /// Takes an empty folder over, for its owner alone.
  func adopt() throws(PersistencyError) {
    guard chmod(path, 0o700) == 0 else { throw failure("cannot change the mode of") }
  }

  /// Gives the files to their owner alone: those that are there, and those that RocksDB is going to make.
  ///
  /// RocksDB asks for mode 0644, on threads of its own, and its C API knows no other; the umask is the whole process's. A
  /// default access list on the folder takes the umask's place, so that they come out as 0600. A folder that has a list already,
  /// perhaps one of the user's own that lets a group in, keeps it, and its files their modes. Where the file system has no such
  /// lists the files made from here on are 0644 until the next opening, and the folder's 0700 keeps others out.
  func makePrivate() {
    if persistency_rocks_has_default_list(path) != 0 { return }
    for name in (try? names()) ?? [] {
      let file = path + "/" + name
      var status = stat()
      guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 else { continue }
      chmod(file, 0o600)
    }
    // Last, so that an opening that was cut short begins anew.
    persistency_rocks_set_default_list(path)
  }

  /// Removes what an opening that failed has made.
  func discard() {
    guard let names = try? names() else { return }
    for name in names where Self.isLeftover(name) || name == "CURRENT" || name.hasSuffix(".log") {
      unlink(path + "/" + name)
    }
    rmdir(path)
  }

  /// The blocks allocated to its files, in bytes.
  func allocatedBytes() throws(PersistencyError) -> Int {
    var total = 0
    for name in try names() {
      var status = stat()
      // A file that is gone by now takes no space.
      if lstat(path + "/" + name, &status) == 0 { total += Int(status.st_blocks) * 512 }
    }
    return total
  }

  /// Bytes that a user without privileges may still write here; nil when the file system does not say.
  var freeBytes: UInt64? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
  }

  /// Makes every file, and the folder, durable; only while the store is closed.
  func syncEverything() {
    for name in (try? names()) ?? [] { try? RocksFolder(path: path + "/" + name).sync() }
    try? sync()
  }

  /// What this user may not read is left to the system.
  private func sync() throws(PersistencyError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == EACCES || errno == ELOOP { return }
      throw failure("cannot open")
    }
    defer { close(descriptor) }
    if fsync(descriptor) != 0 { throw failure("cannot sync") }
  }

  private var parent: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    let folder = path[..<slash]
    return folder.isEmpty ? "/" : String(folder)
  }

  func names() throws(PersistencyError) -> [String] { try entries().map(\.name) }

  /// The name of an entry that is a symbolic link: RocksDB would follow it out of the folder.
  private func link() throws(PersistencyError) -> String? {
    try entries().first { $0.type == UInt8(DT_LNK) }?.name
  }

  private func entries() throws(PersistencyError) -> [(name: String, type: UInt8)] {
    guard let folder = opendir(path) else { throw failure("cannot list") }
    defer { closedir(folder) }
    var entries: [(name: String, type: UInt8)] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { entries.append((name, entry.pointee.d_type)) }
    }
    return entries
  }

  private func failure(_ what: String) -> PersistencyError {
    let code = errno
    if let error = DescriptorLimit.error(code: code, "\(what) \(path)", needed: RocksFailure.neededDescriptors) {
      return error
    }
    let (kind, advice): (PersistencyError.Kind, String) =
      switch code {
      case ENOSPC, EDQUOT: (.storageFull, "make room and try again")
      case EPERM, EROFS: (.unsupported, "it may not be changed, so open it with access .readOnly")
      default: (.backend, "give this user access to it")
      }
    return PersistencyError(
      kind, "\(what) \(path): \(String(cString: strerror(code))); \(advice)", backendCode: Int(code))
  }
}
