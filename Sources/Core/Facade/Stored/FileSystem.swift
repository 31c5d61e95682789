#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The few POSIX calls that jobs need, each failing as a ``PersistencyError`` that names the path.
///
/// Nothing here opens a file of an engine while the engine has it open: that would drop the engine's locks.
enum FileSystem {
  /// What opening a job takes: its lock, and up to ten for its store, which gives some of them back.
  static let neededByOpening = 11

  enum Kind { case missing, file, folder, symlink, other }

  /// What stands at `path`, itself: a link is a link.
  static func kind(_ path: String) throws(PersistencyError) -> Kind {
    guard let status = try status(path) else { return .missing }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    case S_IFLNK: return .symlink
    default: return .other
    }
  }

  /// Whether what `path` leads to, links followed, is a folder; nil when there is nothing.
  static func isFolder(_ path: String) throws(PersistencyError) -> Bool? {
    var status = stat()
    if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR }
    // Below a file there is nothing; the file itself is found when its own turn comes.
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw failure("examine", path)
  }

  private static func status(_ path: String) throws(PersistencyError) -> stat? {
    var status = stat()
    if lstat(path, &status) == 0 { return status }
    if errno == ENOENT { return nil }
    throw failure("examine", path)
  }

  /// Which file or folder something is, whatever it is called.
  struct Identity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
  }

  /// What stands at `path`, itself; nil when nothing does.
  static func identity(_ path: String) throws(PersistencyError) -> Identity? {
    var status = stat()
    if lstat(path, &status) == 0 {
      return Identity(
        device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino))
    }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw failure("examine", path)
  }

  /// Makes a folder and its ancestors, each with mode 0700 and durably; what is there already stays as it is.
  static func makeFolder(_ path: String) throws(PersistencyError) {
    if mkdir(path, 0o700) != 0 {
      if errno == EEXIST { return }
      guard errno == ENOENT, let parent = parent(of: path), parent != path else {
        throw failure("make the folder", path)
      }
      try makeFolder(parent)
      if mkdir(path, 0o700) != 0 {
        if errno == EEXIST { return }
        throw failure("make the folder", path)
      }
    }
    // A root that a power loss takes away takes every durable store in it.
    try syncFolder(of: path)
  }

  /// The folder that `path` is in; nil for a relative name, and for the topmost folder.
  ///
  /// By bytes: a combining mark after a slash makes one Character of both.
  static func parent(of path: String) -> String? {
    let bytes = path.utf8
    guard let end = bytes.lastIndex(where: { $0 != slash }) else { return nil }
    guard let cut = bytes[...end].lastIndex(of: slash) else { return nil }
    return cut == bytes.startIndex ? "/" : String(path[..<cut])
  }

  private static let slash = UInt8(ascii: "/")

  /// The names in a folder, sorted by their bytes; none when it is missing.
  static func names(in path: String) throws(PersistencyError) -> [String] {
    guard let folder = opendir(path) else {
      if errno == ENOENT { return [] }
      throw failure("list", path, needed: 1)
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { Array($0.utf8).precedes(Array($1.utf8)) }
  }

  /// Removes a file, or a folder with all that is in it; a link is removed, not followed.
  static func remove(_ path: String) throws(PersistencyError) {
    switch try kind(path) {
    case .missing: return
    case .folder:
      for name in try names(in: path) { try remove(path + "/" + name) }
      if rmdir(path) != 0, errno != ENOENT { throw failure("remove", path) }
    default:
      if unlink(path) != 0, errno != ENOENT { throw failure("remove", path) }
    }
  }

  /// `path` from the root of the file system, whatever becomes of the working directory; itself when that is gone.
  static func absolute(_ path: String) -> String {
    guard !path.utf8.starts(with: CollectionOfOne(slash)), let current = getcwd(nil, 0) else { return path }
    defer { free(current) }
    return String(cString: current) + "/" + path
  }

  /// `path` with every link followed; itself where nothing is yet.
  static func resolved(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  static func move(_ path: String, to target: String) throws(PersistencyError) {
    if rename(path, target) != 0 { throw failure("rename", path) }
  }

  /// The bytes of a file or of all files below a folder: `apparent` as their lengths add up, `allocated` in blocks.
  static func size(_ path: String) throws(PersistencyError) -> (apparent: Int, allocated: Int) {
    guard let status = try status(path) else { return (0, 0) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return (Int(status.st_size), Int(status.st_blocks) * 512)
    }
    var total = (apparent: 0, allocated: 0)
    for name in try names(in: path) {
      let size = try size(path + "/" + name)
      total = (total.apparent + size.apparent, total.allocated + size.allocated)
    }
    return total
  }

  /// Makes a file, or a folder and all files in it, survive a power loss.
  static func sync(_ path: String) throws(PersistencyError) {
    if try kind(path) == .folder {
      for name in try names(in: path) { try sync(path + "/" + name) }
    }
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else { throw failure("open", path) }
    defer { close(file) }
    if fsync(file) != 0 { throw failure("sync", path) }
  }

  /// The whole of a small file; nil when it is missing.
  ///
  /// - Throws: `.corrupted` for what is no plain file.
  static func read(_ path: String) throws(PersistencyError) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("open", path)
    }
    defer { close(file) }
    try checkPlain(file, path)
    return try read(file, path)
  }

  /// - Throws: `.corrupted` for a folder, a pipe, a device.
  static func checkPlain(_ file: Int32, _ path: String) throws(PersistencyError) {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure("examine", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw PersistencyError(.corrupted, "\(path) is no plain file; move it away")
    }
  }

  static func read(_ file: Int32, _ path: String) throws(PersistencyError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = posixRead(file, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure("read", path) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= 1 << 20 else {
        throw PersistencyError(.corrupted, "\(path) is larger than 1 MiB and cannot be a file of ours; move it away")
      }
    }
  }

  /// Replaces a small file so that a crash leaves the old or the new one: written beside, synced, renamed, folder synced.
  static func replace(_ path: String, with bytes: [UInt8]) throws(PersistencyError) {
    let draft = path + StoredFiles.draftSuffix
    // What a crash left there is of no use, and what somebody else put there (a link, a pipe) is not written to.
    unlink(draft)
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw failure("create", draft) }
    do throws(PersistencyError) {
      try write(bytes, to: file, draft)
      if fsync(file) != 0 { throw failure("sync", draft) }
    } catch {
      close(file)
      unlink(draft)
      throw error
    }
    close(file)
    do throws(PersistencyError) {
      try move(draft, to: path)
    } catch {
      unlink(draft)
      throw error
    }
    try syncFolder(of: path)
  }

  /// Writes a text over a small file of ours without asking for room: what is left over of the old one becomes spaces.
  static func overwrite(_ path: String, with bytes: [UInt8]) throws(PersistencyError) {
    let file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else { throw failure("open", path) }
    defer { close(file) }
    try checkPlain(file, path)
    let left = try size(path).apparent - bytes.count
    guard left >= 0 else {
      throw PersistencyError(.storageFull, "no room to write \(path); make some and try again")
    }
    try write(bytes + [UInt8](repeating: UInt8(ascii: " "), count: left), to: file, path)
    if fsync(file) != 0 { throw failure("sync", path) }
  }

  static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws(PersistencyError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { posixWrite(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure("write", path) }
      rest = rest.dropFirst(count)
    }
  }

  /// Makes creations, renames and removals in the folder of `path` survive a power loss.
  static func syncFolder(of path: String) throws(PersistencyError) {
    let folder = parent(of: path) ?? "."
    let file = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
    guard file >= 0 else { throw failure("open", folder) }
    defer { close(file) }
    if fsync(file) != 0 { throw failure("sync", folder) }
  }

  /// What `errno` says now, as an error that tells what to do.
  ///
  /// - Parameter needed: How many descriptors were wanted; what fails for want of one is nearly always the opening of a job.
  static func failure(_ verb: String, _ path: String, needed: Int = neededByOpening) -> PersistencyError {
    let code = errno
    if let error = DescriptorLimit.error(code: code, "cannot \(verb) \(path)", needed: needed) { return error }
    let reason = String(cString: strerror(code))
    switch code {
    case ENOSPC, EDQUOT:
      return PersistencyError(
        .storageFull, "cannot \(verb) \(path): \(reason); make room and try again", backendCode: Int(code))
    case EACCES:
      return PersistencyError(
        .backend, "cannot \(verb) \(path): \(reason); give this user access to it", backendCode: Int(code))
    case EPERM, EROFS:
      return PersistencyError(
        .unsupported,
        "cannot \(verb) \(path): \(reason); it may not be changed here, so open the job with access .readOnly",
        backendCode: Int(code))
    case ELOOP:
      return PersistencyError(
        .corrupted, "cannot \(verb) \(path): it is a symbolic link, which is refused; move it away",
        backendCode: Int(code))
    case ENOTDIR, EEXIST, EISDIR:
      return PersistencyError(
        .invalidArgument, "cannot \(verb) \(path): \(reason); something else stands in its place, move that away",
        backendCode: Int(code))
    default:
      return PersistencyError(.backend, "cannot \(verb) \(path): \(reason)", backendCode: Int(code))
    }
  }
}

// The calls by these names are shadowed inside the enum by its own.
private func posixRead(_ file: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(file, buffer, count)
}
private func posixWrite(_ file: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int { write(file, buffer, count) }
