#if canImport(Glibc)
  // In an optimised build the compiler finds `struct stat` in this module, which Core brings along, not in Glibc.
  import CDispatch
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Tells a `data.mdb` that is as this library closed it from one that has been written since, by whatever program.
///
/// The seal is in the time of modification: closing sets its nanoseconds to a number made of its seconds, the size of the file and
/// its last commit. Any write afterwards, the first of the next commit too, sets another time. So it needs no
/// file, is void as soon as the store changes, and goes along with a copy that keeps the times.
extension LMDBFolder {
  /// Whether nothing has written the file since it was sealed.
  func isSealed(_ transaction: UInt64) -> Bool {
    guard let times = times() else { return false }
    return times.modified.tv_nsec == Self.seal(times.modified.tv_sec, times.size, transaction)
  }

  /// Seals the file, which nobody has open in this process.
  func seal(_ transaction: UInt64) {
    guard var times = times() else { return }
    times.modified.tv_nsec = Self.seal(times.modified.tv_sec, times.size, transaction)
    utimensat(AT_FDCWD, data, [times.accessed, times.modified], AT_SYMLINK_NOFOLLOW)
  }

  private func times() -> (accessed: timespec, modified: timespec, size: Int)? {
    var status = stat()
    guard lstat(data, &status) == 0 else { return nil }
    #if canImport(Darwin)
      return (status.st_atimespec, status.st_mtimespec, Int(status.st_size))
    #else
      return (status.st_atim, status.st_mtim, Int(status.st_size))
    #endif
  }

  private static func seal(_ seconds: Int, _ size: Int, _ transaction: UInt64) -> Int {
    // FNV-1a, by 8 bytes, and the high half folded in.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for part in [UInt64(truncatingIfNeeded: seconds), UInt64(truncatingIfNeeded: size), transaction] {
      hash = (hash ^ part) &* 0x100_0000_01B3
      hash ^= hash >> 29
    }
    return Int(hash % 1_000_000_000)
  }
}
