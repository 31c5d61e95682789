#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The right to write a job: `flock` on `<name>.lock`, held by one descriptor, never unlinked.
///
/// Unlinking would make two owners: one of the old file, one of the new. A dead holder's lock is gone with it.
final class JobLock: Sendable {
  /// Who holds a lock.
  struct Holder {
    /// Nil when it has not said so.
    let process: Int?
  }

  private let file: Locked<Int32?>

  /// - Throws: `.locked` at once when another process, or another instance of this one, holds it; names the holder's pid.
  init(_ path: String) throws(PersistencyError) {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard file >= 0 else { throw FileSystem.failure("open the lock", path) }
    do throws(PersistencyError) {
      try FileSystem.checkPlain(file, path)
    } catch {
      close(file)
      throw error
    }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      defer { close(file) }
      guard code == EWOULDBLOCK else { throw FileSystem.failure("lock", path) }
      let process = Self.process(file, path)
      throw PersistencyError(
        .locked,
        "\(path) is held by process \(process.map(String.init) ?? "unknown")\(process == Int(getpid()) ? " (this one)" : ""); close the job there first"
      )
    }
    self.file = Locked(file)
    // For people: the lock holds without it, and on a full disk the job must open all the same, to make room.
    if ftruncate(file, 0) == 0 { try? FileSystem.write(Array("\(getpid())\n".utf8), to: file, path) }
  }

  /// Who holds the lock at `path` now, if anybody does.
  static func holder(_ path: String) throws(PersistencyError) -> Holder? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw FileSystem.failure("open the lock", path)
    }
    // Closing the descriptor lets go of what it got.
    defer { close(file) }
    if flock(file, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK { return nil }
    return Holder(process: process(file, path))
  }

  /// The process that wrote its number into the lock.
  private static func process(_ file: Int32, _ path: String) -> Int? {
    let text = (try? FileSystem.read(file, path)).map { String(decoding: $0.prefix(20), as: UTF8.self) } ?? ""
    return Int(text.filter(\.isNumber))
  }

  deinit { release() }

  func release() {
    file.withLock { file in
      if let file { _ = close(file) }
      file = nil
    }
  }
}
