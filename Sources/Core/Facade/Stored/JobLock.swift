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
      let holder = (try? FileSystem.read(file, path)).map { String(decoding: $0.prefix(20), as: UTF8.self) } ?? ""
      let pid = holder.filter(\.isNumber)
      throw PersistencyError(
        .locked,
        "\(path) is held by process \(pid.isEmpty ? "unknown" : pid)\(pid == "\(getpid())" ? " (this one)" : ""); close the job there first"
      )
    }
    self.file = Locked(file)
    // For people: the lock holds without it, and on a full disk the job must open all the same, to make room.
    if ftruncate(file, 0) == 0 { try? FileSystem.write(Array("\(getpid())\n".utf8), to: file, path) }
  }

  deinit { release() }

  func release() {
    file.withLock { file in
      if let file { _ = close(file) }
      file = nil
    }
  }
}
