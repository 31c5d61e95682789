#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Each opening of RocksDB's puts the log for people aside and begins another, before it knows whether it can open at all:
// a store that is refused again and again would gather files.

extension RocksFolder {
  /// The logs for people that were put aside.
  func oldLogs() -> Set<String> { Set(((try? names()) ?? []).filter { $0.hasPrefix("LOG.old.") }) }

  /// Undoes what an opening that failed has done to the log.
  ///
  /// - Parameter before: What ``oldLogs()`` gave before the opening.
  func takeBackLog(_ before: Set<String>) {
    let made = oldLogs().subtracting(before).sorted()
    // The first is the one that was there; a process that has the store open goes on writing to it.
    for name in made.dropFirst() { unlink(path + "/" + name) }
    if let log = made.first { rename(path + "/" + log, path + "/LOG") }
  }
}
