public import PersistencyCore

extension SQLiteBackend {
  /// `VACUUM INTO` on a connection of its own: one read transaction, which no writer waits for.
  ///
  /// It pins the log as a visit does. The copy has no free pages.
  public func backup(to path: String) throws(PersistencyError) {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    let gate = gate
    try BackupFiles.make(at: path) { draft throws(PersistencyError) in
      do throws(PersistencyError) {
        try store.copy(to: draft) { gate.isClosed }
      } catch {
        try gate.checkOpen()
        throw error
      }
    }
  }
}
