import CPersistencyRocksDB

extension RocksBackend {
  /// The blocks of the folder's files, the log's preallocated ones included.
  public func sizeOnDisk() throws(PersistencyError) -> Int {
    try gate.enter()
    defer { gate.leave() }
    return try handle.folder.allocatedBytes()
  }

  /// Opens the store a second time to read, past the block cache, and reads every row with its checksums, the log's
  /// included; writers wait while it opens.
  public func check(_ report: (CheckFinding) -> Void) throws(PersistencyError) {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    let opened = writer.withLock { writer in
      // A log that a full or failing disk has cut, or that another process is writing, may end in the middle of a record.
      let mayBeTorn = writer.shortage != nil || writer.latch != nil || store.access == .readOnly
      return handle.settings.openBesideWriter(handle.folder, .examine(tornLog: mayBeTorn))
    }
    switch opened {
    case .success(let db):
      defer { rocksdb_close(db) }
      try examine(db, report)
    case .failure(let failure):
      guard failure.isOfCorruption || failure.isOfMissingFile else {
        throw failure.error("opening the store to check it")
      }
      report(CheckFinding(failure.text))
    }
  }

  private func examine(_ db: OpaquePointer, _ report: (CheckFinding) -> Void) throws(PersistencyError) {
    let cursor = RocksCursor(db, cached: false)
    defer { cursor.close() }
    cursor.begin(reverse: false)
    while cursor.isValid {
      if RocksLayout.split(cursor.key) == nil {
        report(CheckFinding("a stored key of \(cursor.key.count) bytes is shorter than its category"))
      }
      _ = cursor.payload
      cursor.advance(reverse: false)
      try gate.checkOpen()
    }
    guard let failure = cursor.failure else { return }
    guard failure.isOfCorruption else { throw failure.error("checking the store") }
    report(CheckFinding(failure.text))
  }
}
