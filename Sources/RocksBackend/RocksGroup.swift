/// Puts the batches of one group together as one write; used under the store's write lock.
///
/// Puts and deletes go straight into RocksDB's batch. Only an `expect` or a delete-range has to know what the group did before it:
/// at the first of them the ops before are replayed into a ``RocksOverlay``, which is kept up until the last of them.
struct RocksGroup {
  /// A delete-range over at most so many rows becomes a deletion each: a range tombstone costs every later read
  /// more than a few deletions do.
  static let fewRows = 1_000
  /// So many deleted rows in a row are stepped over when those rows are counted; past them a tombstone is the better answer too.
  static let skippedRows = 1_000

  let batch = RocksWriteBatch()
  /// Range tombstones in it.
  private(set) var tombstones = 0
  private let handle: RocksHandle
  private var overlay: RocksOverlay?
  /// The batches so far, while there is no overlay.
  private var earlier: [[TxOp]] = []
  /// Ops in this batch and those to come that read what was done before them.
  private var readersLeft: Int

  /// - Parameter readers: Ops of the whole group for which ``TxOp/readsEarlierOps`` holds.
  init(_ handle: RocksHandle, readers: Int) {
    self.handle = handle
    readersLeft = readers
  }

  /// Adds a batch.
  ///
  /// - Throws: `.conflict`, or what a read of the engine throws; the batch has left no trace then.
  mutating func append(_ ops: [TxOp]) throws(PersistencyError) {
    guard readersLeft > 0 else {
      write(ops)
      return
    }
    let readers = ops.readers
    readersLeft -= readers
    if readers == 0 && overlay == nil {
      write(ops)
      earlier.append(ops)
      return
    }
    try appendReading(ops)
    if readersLeft == 0 {
      overlay = nil
      earlier = []
    }
  }

  /// Adds a batch that has readers in it, or comes after some and before others.
  private mutating func appendReading(_ ops: [TxOp]) throws(PersistencyError) {
    let tombstonesBefore = tombstones
    batch.save()
    overlay?.begin()
    do throws(PersistencyError) {
      let lastReader = readersLeft > 0 ? ops.count : ops.lastIndex(where: \.readsEarlierOps) ?? -1
      for (index, op) in ops.enumerated() {
        if op.readsEarlierOps && overlay == nil { overlay = replay(ops[..<index]) }
        switch op {
        case .expect(let category, let key, let payload): try check(category, key, payload)
        case .deleteRange(let category, let range): try deleteRange(category, range)
        default:
          write(op)
          if index < lastReader { overlay?.note(op) }
        }
      }
    } catch {
      batch.takeBack()
      overlay?.rollback()
      tombstones = tombstonesBefore
      throw error
    }
    batch.keep()
    overlay?.commit()
  }

  /// What the batches so far, and the ops before the first reader of this one, have made.
  private func replay(_ ops: ArraySlice<TxOp>) -> RocksOverlay {
    var overlay = RocksOverlay()
    for earlier in earlier {
      for op in earlier { overlay.note(op) }
    }
    overlay.begin()
    for op in ops { overlay.note(op) }
    return overlay
  }

  // MARK: Ops

  private func write(_ ops: [TxOp]) {
    // In the span, so that no op is copied out of its batch.
    let ops = ops.span
    for index in ops.indices { write(ops[index]) }
  }

  @inline(__always)
  private func write(_ op: borrowing TxOp) {
    switch op {
    case .put(let category, let key, let payload): batch.put(category, key, payload)
    case .delete(let category, let key): batch.delete(category, key)
    case .deleteRange, .expect: break
    }
  }

  private func check(_ category: String, _ key: Key, _ expected: [UInt8]?) throws(PersistencyError) {
    let holds: Bool
    switch overlay?.answer(RocksLayout.storedKey(category, key)) ?? .untouched {
    case .absent: holds = expected == nil
    case .payload(let payload): holds = payload == expected
    case .untouched:
      holds = try handle.withPayload(category, key) { payload in
        guard let payload, let expected else { return payload == nil && expected == nil }
        return expected.withUnsafeBytes { payload.equals($0) }
      }
    }
    if !holds {
      throw PersistencyError(
        .conflict, "the row does not hold what the batch expects; read it again and decide anew")
    }
  }

  private mutating func deleteRange(_ category: String, _ range: KeyRange) throws(PersistencyError) {
    if range.isEmpty { return }
    let (lower, upper) = RocksLayout.bounds(category, range)
    let hadCleared = overlay?.hasCleared(lower, upper) ?? false
    let own = overlay?.deleteRange(lower, upper) ?? []
    var isFew = own.count <= Self.fewRows
    if isFew && !hadCleared { isFew = try deleteFew(lower, upper, atMost: Self.fewRows - own.count) }
    if isFew {
      for key in own { key.withUnsafeBytes { batch.delete($0) } }
    } else {
      batch.deleteRange(lower, upper)
      tombstones += 1
    }
  }

  /// Deletes the engine's rows of a range one by one, if they are few.
  ///
  /// - Returns: Whether they were; if not, nothing was added.
  private func deleteFew(_ lower: [UInt8], _ upper: [UInt8], atMost limit: Int) throws(PersistencyError) -> Bool {
    let cursor = RocksCursor(
      try handle.database(), lower: lower, upper: upper, skipping: Self.skippedRows)
    defer { cursor.close() }
    batch.save()
    var count = 0
    cursor.begin(reverse: false)
    while cursor.isValid {
      count += 1
      if count > limit {
        batch.takeBack()
        return false
      }
      batch.delete(cursor.key)
      cursor.advance(reverse: false)
    }
    if let failure = cursor.failure {
      batch.takeBack()
      if failure.isIncomplete { return false }
      throw failure.error("counting the rows of a range to delete")
    }
    batch.keep()
    return true
  }
}

extension TxOp {
  /// Whether it has to know what the ops before it did.
  var readsEarlierOps: Bool {
    switch self {
    case .expect, .deleteRange: true
    case .put, .delete: false
    }
  }
}

extension RocksOverlay {
  /// Takes note of a put or a delete.
  fileprivate mutating func note(_ op: TxOp) {
    switch op {
    case .put(let category, let key, let payload): put(RocksLayout.storedKey(category, key), payload)
    case .delete(let category, let key): delete(RocksLayout.storedKey(category, key))
    case .deleteRange, .expect: break
    }
  }
}

extension [TxOp] {
  /// How many of the ops read what was done before them.
  var readers: Int {
    var readers = 0
    let ops = span
    for index in ops.indices {
      switch ops[index] {
      case .expect, .deleteRange: readers += 1
      case .put, .delete: break
      }
    }
    return readers
  }
}
