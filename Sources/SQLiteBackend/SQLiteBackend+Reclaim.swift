public import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension SQLiteBackend {
  /// Empties the log into the file and cuts it; before that, in a file of `auto_vacuum=INCREMENTAL`, moves pages into the free ones.
  ///
  /// Other files, ours among them, keep their free pages, which new rows go into: only a copy gives those back, as
  /// ``backup(to:)`` writes it. A running visit keeps what it pins of the log.
  public func reclaim(budget: Duration) throws(PersistencyError) -> Int {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    let before = try store.file.allocated()
    let end = ContinuousClock.now + budget
    var hasMore = true
    while hasMore && .now < end {
      let began = ContinuousClock.now
      hasMore = try store.write { writer throws(PersistencyError) in try writer.fillFreePages() }
      // As long again, and a millisecond, is the writers'.
      let taken = began.duration(to: .now).components
      if hasMore { usleep(1_000 + UInt32(clamping: taken.attoseconds / 1_000_000_000_000)) }
      try gate.checkOpen()
    }
    try store.write { writer throws(PersistencyError) in try writer.emptyLog() }
    return max(0, before - (try store.file.allocated()))
  }
}
