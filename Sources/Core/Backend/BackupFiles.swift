#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Where a backup is written: what every adapter's ``KvMaintenance/backup(to:)`` has to keep about files, in one place.
public enum BackupFiles {
  /// Has `body` write a file or a folder, and puts it at `target` once it is whole and on the disk; else nothing is left of it.
  ///
  /// It is written in a folder of its own beside the target, `<target>.part`, which is gone afterwards. What a process that was
  /// killed has left there goes with the next backup to the same target. Its files get mode 0600, its folders 0700.
  ///
  /// - Parameters:
  ///   - target: Where the copy is to be; nothing may be there.
  ///   - body: Makes the file or folder `draft`, which is not there yet, and closes what it opened of it.
  /// - Throws: `.conflict` when something stands at `target`, which is left alone; `.locked` when another backup to it is
  ///   under way; `.invalidArgument` for a path that is empty or holds a NUL; `.storageFull`; what `body` throws.
  public static func make(
    at target: String, _ body: (_ draft: String) throws(PersistencyError) -> Void
  ) throws(PersistencyError) {
    let target = try clean(target)
    if try FileSystem.kind(target) != .missing { throw taken(target) }
    let folder = target + ".part"
    let lock = try claim(folder)
    defer {
      // While it is still locked: afterwards it may be another's.
      try? FileSystem.remove(folder)
      close(lock)
    }
    for name in try FileSystem.names(in: folder) { try FileSystem.remove(folder + "/" + name) }
    let draft = folder + "/draft"
    try body(draft)
    try makePrivate(draft)
    try FileSystem.sync(draft)
    try publish(draft, at: target)
    try FileSystem.syncFolder(of: target)
  }

  private static func clean(_ path: String) throws(PersistencyError) -> String {
    let utf8 = path.utf8
    guard let last = utf8.lastIndex(where: { $0 != UInt8(ascii: "/") }), !utf8.contains(0) else {
      throw PersistencyError(.invalidArgument, "the path of a backup is empty, or no path of a file")
    }
    return FileSystem.absolute(String(path[...last]))
  }

  /// Makes the folder, if need be, and locks it.
  ///
  /// - Returns: Its descriptor, which holds the lock.
  private static func claim(_ folder: String) throws(PersistencyError) -> Int32 {
    while true {
      guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw FileSystem.failure("make the folder", folder) }
      let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      if descriptor < 0 {
        if errno == ENOENT { continue }
        throw FileSystem.failure("open the folder", folder)
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close(descriptor)
        throw PersistencyError(
          .locked, "another backup is being written in \(folder); wait for it, or choose another target")
      }
      var (locked, found) = (stat(), stat())
      let isSame =
        fstat(descriptor, &locked) == 0 && lstat(folder, &found) == 0 && locked.st_ino == found.st_ino
        && locked.st_dev == found.st_dev
      if isSame { return descriptor }
      // Another backup ended in between, and took its folder away.
      close(descriptor)
    }
  }

  private static func makePrivate(_ path: String) throws(PersistencyError) {
    let isFolder = try FileSystem.kind(path) == .folder
    guard chmod(path, isFolder ? 0o700 : 0o600) == 0 else { throw FileSystem.failure("change the mode of", path) }
    if !isFolder { return }
    for name in try FileSystem.names(in: path) { try makePrivate(path + "/" + name) }
  }

  /// Gives the copy its name, unless somebody has used it meanwhile.
  private static func publish(_ draft: String, at target: String) throws(PersistencyError) {
    // A folder takes the place of no file, and of no folder that holds anything; a file would, and so gets a second name instead,
    // and loses the first with the draft's folder.
    let isFolder = try FileSystem.kind(draft) == .folder
    if (isFolder ? rename(draft, target) : link(draft, target)) == 0 { return }
    switch errno {
    case EEXIST, ENOTEMPTY, ENOTDIR: throw taken(target)
    case EPERM where !isFolder, ENOTSUP where !isFolder:
      // A file system without second names.
      if try FileSystem.kind(target) != .missing { throw taken(target) }
      try FileSystem.move(draft, to: target)
    default: throw FileSystem.failure("give the backup its name", target)
    }
  }

  private static func taken(_ target: String) -> PersistencyError {
    PersistencyError(.conflict, "\(target) exists already; move it away, or choose another target")
  }
}
