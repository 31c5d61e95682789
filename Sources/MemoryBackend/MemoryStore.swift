internal import PersistencyCore

/// The rows, and the two locks around them.
///
/// `writer` lets one batch at a time through; `committed` is held for as long as it takes to copy the root out, to read
/// one row, or to apply a small batch in place. So a reader never waits for a large batch, and a scan, which runs on a
/// copied root, waits for nobody.
final class MemoryStore: Sendable {
  private let writer = Locked(false)
  private let committed = Locked(Categories())

  /// A batch of at most so many plain ops is applied in place under the lock, a microsecond each; a larger one on a
  /// copy, whose changed nodes cost twice that.
  static var inPlace: Int { 128 }

  // MARK: Reads

  /// The last committed state.
  func snapshot() -> Categories { committed.withLock { $0 } }

  /// The last committed payload of a key.
  func payload(_ category: String, _ key: Key) -> [UInt8]? {
    // Alone, a reader looks without a copy of the root, which would cost the next writer one of every node it changes;
    // in company it takes the copy, and readers run side by side.
    if let found = committed.withLockIfAvailable({ Found(payload: $0.payload(category, key)) }) { return found.payload }
    return snapshot().payload(category, key)
  }

  private struct Found: Sendable { let payload: [UInt8]? }

  // MARK: Writes

  /// Applies a batch: all of it, at once, or nothing.
  func apply(_ ops: [TxOp]) throws(PersistencyError) {
    if ops.isEmpty { return }
    try writer.withLock { _ throws(PersistencyError) in
      if Self.fitsInPlace(ops) {
        try committed.withLock { categories throws(PersistencyError) in
          try categories.apply(ops)
        }
      } else {
        // A failure leaves the copy behind, and the committed roots as they were.
        var changed = snapshot()
        try changed.apply(ops)
        replace(with: changed)
      }
    }
  }

  /// Stores rows, all at once.
  func put(_ rows: [RawRow]) {
    if rows.isEmpty { return }
    writer.withLock { _ in
      var changed = snapshot()
      for row in rows { changed.put(Key(rawBytes: row.category), row.key, row.payload) }
      replace(with: changed)
    }
  }

  /// Removes a row and says whether it was there.
  func remove(_ category: String, _ key: Key) -> Bool {
    writer.withLock { _ in committed.withLock { $0.remove(category, key) } }
  }

  /// Lets go of every row.
  func clear() { replace(with: Categories()) }

  private func replace(with categories: Categories) {
    // What is replaced is freed after the lock is let go.
    let replaced = committed.withLock { current in
      let replaced = current
      current = categories
      return replaced
    }
    _ = replaced
  }

  /// Whether a batch is short and cannot fail after its first change.
  private static func fitsInPlace(_ ops: [TxOp]) -> Bool {
    if ops.count > inPlace { return false }
    var changes = false
    let ops = ops.span
    for index in ops.indices {
      switch ops[index] {
      case .put, .delete: changes = true
      case .expect: if changes { return false }
      case .deleteRange: return false
      }
    }
    return true
  }
}
