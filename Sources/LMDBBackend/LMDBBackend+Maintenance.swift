import CPersistencyLMDB

extension LMDBBackend {
  /// The blocks of `data.mdb` and `lock.mdb`, by `stat`.
  public func sizeOnDisk() throws(PersistencyError) -> Int {
    try gate.enter()
    defer { gate.leave() }
    return try environment.folder.allocated()
  }

  /// Reads every page without LMDB first (`LMDBAudit`); where they are sound, walks every entry: each must be
  /// well-formed, each link lead to a node with rows, and each node be reached from the root by one link.
  ///
  /// - Complexity: two passes, the second in one snapshot; memory for a bit a page, and for the nodes, which only keys past 510
  ///   bytes have.
  public func check(_ report: (CheckFinding) -> Void) throws(PersistencyError) {
    try gate.enter()
    defer { gate.leave() }
    var findings = try LMDBAudit.untilFound { () throws(PersistencyError) in
      try environment.pinned(gate) { reader throws(PersistencyError) in
        try LMDBAudit.findings(environment.handle, reader, environment.folder, budget: .max)
      }
    }
    if findings.isEmpty { findings = try checkEntries() }
    // The caller's code runs when no snapshot is held.
    for finding in findings { report(finding) }
  }

  private func checkEntries() throws(PersistencyError) -> [CheckFinding] {
    try environment.read(gate) { transaction throws(PersistencyError) in
      var check = LMDBCheck()
      do throws(PersistencyError) {
        try transaction.withCursor { cursor throws(PersistencyError) in
          var found = try cursor.step(MDB_FIRST)
          while let (key, value) = found {
            check.see(key, value)
            found = try cursor.step(MDB_NEXT)
          }
        }
      } catch {
        guard error.kind == .corrupted else { throw error }
        return check.findings + [CheckFinding(error.message)]
      }
      check.finish()
      return check.findings
    }
  }
}

extension LMDBBackend {
  /// The entries of the database, ours included: one in a store without rows.
  func entryCount() throws(PersistencyError) -> Int {
    try gate.enter()
    defer { gate.leave() }
    return try environment.read(gate) { transaction throws(PersistencyError) in
      var status = MDB_stat()
      mdb_stat(transaction.handle, transaction.database, &status)
      return status.ms_entries
    }
  }
}
