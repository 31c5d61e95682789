public import PersistencyCore

extension SQLiteBackend {
  /// The blocks of the file, its log and the log's index, by `stat`.
  public func sizeOnDisk() throws(PersistencyError) -> Int {
    try gate.enter()
    defer { gate.leave() }
    return try store.file.allocated()
  }

  /// `PRAGMA integrity_check`, the schema, and a look for rows that are not three BLOBs.
  public func check(_ report: (CheckFinding) -> Void) throws(PersistencyError) {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    try store.visit { reader throws(PersistencyError) in
      do throws(PersistencyError) {
        if try reader.judge(store.file.path) == .nothing { report(CheckFinding("the table kv is missing")) }
        try reader.eachText("PRAGMA integrity_check", columns: 1) { row in
          if row != ["ok"] { report(CheckFinding("integrity_check: \(row[0])")) }
        }
        try reader.eachText(Self.strays, columns: 2) { row in
          report(CheckFinding("a row of category \(row[0]), key \(row[1]) (hex) holds another type than BLOB"))
        }
      } catch {
        guard error.kind == .corrupted || error.kind == .unsupported else { throw error }
        report(CheckFinding(error.message))
      }
    }
  }

  /// Rows that another program wrote with text or numbers: no call of ours finds them by their key.
  private static let strays = """
    SELECT hex(category), hex(key) FROM kv
    WHERE typeof(category) <> 'blob' OR typeof(key) <> 'blob' OR typeof(payload) <> 'blob'
    """
}
