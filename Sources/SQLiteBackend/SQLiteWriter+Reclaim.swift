import PersistencyCore

extension SQLiteWriter {
  /// Pages that one step moves: some milliseconds, for which other writers wait.
  private static let stepPages = 128

  /// Moves pages from the end of a file with `auto_vacuum=INCREMENTAL` into free ones, which its next checkpoint then cuts off.
  ///
  /// - Returns: Whether there is more to move.
  mutating func fillFreePages() throws(PersistencyError) -> Bool {
    let isIncremental = try connection.number("auto_vacuum") == 2
    guard isIncremental, try connection.number("freelist_count") > 0 else { return false }
    try transaction(sync: false) { connection throws(PersistencyError) in
      try connection.execute("PRAGMA incremental_vacuum(\(Self.stepPages))")
    }
    return try connection.number("freelist_count") > 0
  }
}
