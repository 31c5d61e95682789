import CPersistencyRocksDB

/// One state of the database that several cursors read; freed by ``close()``, before the database closes.
final class RocksSnapshot {
  private let db: OpaquePointer
  private(set) var snapshot: OpaquePointer?

  init(_ db: OpaquePointer) {
    self.db = db
    snapshot = rocksdb_create_snapshot(db)
  }

  deinit { close() }

  func close() {
    guard let snapshot else { return }
    rocksdb_release_snapshot(db, snapshot)
    self.snapshot = nil
  }
}
