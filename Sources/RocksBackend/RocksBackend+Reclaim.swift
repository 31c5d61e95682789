extension RocksBackend {
  /// Writes the memtable out, and merges the tables downwards, a piece of the keys after the other; the work is done on RocksDB's
  /// threads, and no writer waits for it.
  ///
  /// A step is a piece of some tables of 64 MiB, and is not cut short. A running visit keeps the tables of its state.
  public func reclaim(budget: Duration) throws(PersistencyError) -> Int {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    try checkWritable(sync: false)
    let end = ContinuousClock.now + budget
    let before = try handle.folder.allocatedBytes()
    for piece in try piecesOnDisk() {
      if ContinuousClock.now >= end { break }
      try gate.checkOpen()
      handle.turnstile.enter(.visit)
      defer { handle.turnstile.leave(.visit) }
      try handle.compact(piece)
    }
    return max(0, before - (try handle.folder.allocatedBytes()))
  }

  private func piecesOnDisk() throws(PersistencyError) -> [RocksHandle.Piece] {
    handle.turnstile.enter(.visit)
    defer { handle.turnstile.leave(.visit) }
    if let failure = try handle.writeOut() { throw failure.error("writing out the memtable") }
    return try handle.pieces()
  }
}
