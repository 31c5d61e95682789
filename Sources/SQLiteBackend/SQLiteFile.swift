import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The store's file and those that SQLite puts beside it, as the file system sees them.
///
/// Only `stat` is safe while SQLite has them open: closing a descriptor of ours would drop its locks. Everything else
/// here runs before SQLite opens the file, or after it has closed it.
struct SQLiteFile: Sendable {
  /// Absolute, so that SQLite takes it neither for a URI nor for a name of its own.
  let path: String

  var log: String { path + "-wal" }
  var index: String { path + "-shm" }
  var journal: String { path + "-journal" }
  var folder: String {
    let cut = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
    return cut == path.startIndex ? "/" : String(path[..<cut])
  }

  init(_ path: String) throws(PersistencyError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw PersistencyError(.invalidArgument, "the path of a store is empty, or holds a NUL")
    }
    if path.hasPrefix("/") {
      self.path = path
      return
    }
    guard let current = getcwd(nil, 0) else { throw Self.failure("finding the current folder for", path) }
    defer { free(current) }
    self.path = String(cString: current) + "/" + path
  }

  // MARK: Examining

  /// The size of a plain file; nil when there is none.
  ///
  /// - Throws: `.corrupted` for a symbolic link, folder, or device.
  func size(of path: String) throws(PersistencyError) -> Int? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw Self.failure("examining", path)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return Int(status.st_size)
    case S_IFLNK: throw PersistencyError(.corrupted, "\(path) is a symbolic link; open the store by its own path")
    default: throw PersistencyError(.corrupted, "\(path) is no plain file; move it away")
    }
  }

  /// Bytes of allocated blocks, of the file and what lies beside it.
  func allocated() throws(PersistencyError) -> Int {
    var total = 0
    for path in [path, log, index, journal] {
      var status = stat()
      if lstat(path, &status) == 0 {
        total += Int(status.st_blocks) * 512
      } else if errno != ENOENT {
        throw Self.failure("examining", path)
      }
    }
    return total
  }

  /// Whether nobody can write the folder: it is on a read-only volume, or immutable.
  var isUnchangeable: Bool { access(folder, W_OK) != 0 && (errno == EROFS || errno == EPERM) }

  /// The first 100 bytes.
  func header() throws(PersistencyError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure("opening", path) }
    defer { _ = close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    guard count >= 0 else { throw Self.failure("reading", path) }
    return Array(bytes.prefix(count))
  }

  /// Whether a rollback journal lies beside the file that was not finished: one that begins with something.
  func hasUnfinishedJournal() throws(PersistencyError) -> Bool {
    let descriptor = open(journal, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      // Not knowing is no answer: without its journal the file may look damaged.
      if errno == EMFILE || errno == ENFILE { throw Self.failure("opening", journal) }
      return false
    }
    defer { _ = close(descriptor) }
    var first: UInt8 = 0
    return pread(descriptor, &first, 1, 0) == 1 && first != 0
  }

  // MARK: Making and syncing

  /// Makes the empty file, for its owner alone; SQLite gives the files beside it the same mode.
  ///
  /// - Returns: False when somebody else made it first.
  func create() throws(PersistencyError) -> Bool {
    let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if descriptor < 0 {
      if errno == EEXIST { return false }
      throw Self.failure("making", path)
    }
    _ = fchmod(descriptor, 0o600)
    close(descriptor)
    return true
  }

  func remove() {
    unlink(path)
  }

  /// Removes the files and the folder that holds nothing else.
  func removeWithFolder() {
    for path in [path, log, index, journal] { unlink(path) }
    rmdir(folder)
  }

  /// Has the system write out what it holds of the files that are there, and their folder.
  func sync() throws(PersistencyError) {
    for path in [path, log, folder] {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      if descriptor < 0 {
        if errno == ENOENT { continue }
        throw Self.failure("opening", path)
      }
      defer { _ = close(descriptor) }
      guard fsync(descriptor) == 0 else { throw Self.failure("syncing", path) }
    }
  }

  private static func failure(_ action: String, _ path: String) -> PersistencyError {
    let code = errno
    if let error = DescriptorLimit.error(code: code, "\(action) \(path)", needed: SQLiteError.neededDescriptors) {
      return error
    }
    let text = "\(action) \(path): \(String(cString: strerror(code)))"
    switch code {
    case ENOSPC, EDQUOT: return PersistencyError(.storageFull, text + "; make room", backendCode: Int(code))
    case ELOOP: return PersistencyError(.corrupted, text, backendCode: Int(code))
    case EROFS, EPERM:
      return PersistencyError(
        .unsupported, text + "; it may not be changed, so open it with access .readOnly", backendCode: Int(code))
    default:
      return PersistencyError(.backend, text + "; give this user access to its folder", backendCode: Int(code))
    }
  }
}
