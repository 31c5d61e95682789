import CPersistencyLMDB

extension LMDBBackend {
  /// The blocks of `data.mdb` and `lock.mdb`, by `stat`.
  public func sizeOnDisk() throws(PersistencyError) -> Int {
    try gate.enter()
    defer { gate.leave() }
    return try environment.folder.allocated()
  }

  /// Walks every entry in one snapshot: each must be well-formed, each link lead to a node with rows, and each node be
  /// reached from the root by one link.
  ///
  /// - Complexity: one pass; memory for the nodes, which only keys past 510 bytes have.
  public func check(_ report: (CheckFinding) -> Void) throws(PersistencyError) {
    try gate.enter()
    defer { gate.leave() }
    let findings = try environment.read(gate) { transaction throws(PersistencyError) in
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
    // The caller's code runs when the snapshot has ended.
    for finding in findings { report(finding) }
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
