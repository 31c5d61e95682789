import CPersistencyRocksDB

/// The writes of one group, put together before they are committed as one.
///
/// Owns RocksDB's batch; used under the store's write lock.
final class RocksWriteBatch {
  let batch: OpaquePointer = rocksdb_writebatch_create()

  deinit { rocksdb_writebatch_destroy(batch) }

  func clear() { rocksdb_writebatch_clear(batch) }

  var isEmpty: Bool { rocksdb_writebatch_count(batch) == 0 }

  @inline(__always)
  func put(_ category: String, _ key: Key, _ payload: [UInt8]) {
    RocksLayout.withStoredKey(category, key) { stored in payload.withUnsafeBytes { put(stored, $0) } }
  }

  /// A row with any bytes for its category.
  @inline(__always)
  func put(_ row: borrowing RawRow) {
    RocksLayout.withStoredKey(row.category, row.key) { stored in row.payload.withUnsafeBytes { put(stored, $0) } }
  }

  @inline(__always)
  func put(_ stored: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
    rocksdb_writebatch_put(batch, stored.chars, stored.count, payload.chars, payload.count)
  }

  func delete(_ category: String, _ key: Key) {
    RocksLayout.withStoredKey(category, key) { delete($0) }
  }

  func delete(_ stored: UnsafeRawBufferPointer) {
    rocksdb_writebatch_delete(batch, stored.chars, stored.count)
  }

  /// One tombstone for all stored keys from `lower`, before `upper`.
  func deleteRange(_ lower: [UInt8], _ upper: [UInt8]) {
    lower.withUnsafeBytes { lower in
      upper.withUnsafeBytes { upper in
        rocksdb_writebatch_delete_range(batch, lower.chars, lower.count, upper.chars, upper.count)
      }
    }
  }

  // MARK: Save points; they nest

  func save() { rocksdb_writebatch_set_save_point(batch) }

  /// Takes back what came since the last save point.
  func takeBack() {
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_writebatch_rollback_to_save_point(batch, &text)
    // It fails only when there is no save point; ours are paired.
    assert(text == nil)
    if let text { rocksdb_free(text) }
  }

  /// Forgets the last save point and keeps what came since.
  func keep() {
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_writebatch_pop_save_point(batch, &text)
    assert(text == nil)
    if let text { rocksdb_free(text) }
  }
}
