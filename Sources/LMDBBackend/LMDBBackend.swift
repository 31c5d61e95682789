/// A `KvBackend` in one folder of LMDB: memory-mapped, many readers, one writer.
///
/// Reads are the fastest of the embedded engines' and block nobody. The map grows by itself; a write that needs growth while
/// it is made from inside a visit, or while a visit waits for the writer, throws `.storageFull` with `PersistencyError.isRetryable`.
/// Space of deleted rows is used again, but the file does not shrink; a ``backup(to:)`` has none of it.
public final class LMDBBackend: KvMaintenance {
  let environment: LMDBEnvironment
  let gate: CallGate

  // MARK: Lifecycle

  /// Opens the store in the folder at `path`, or makes it where `StoreOptions.mustExist` allows.
  ///
  /// - Throws: `.locked` when this process has it open already; `.corrupted` for what is missing, emptied, cut or foreign, which is left
  ///   as it is; `.unsupported` for a newer format.
  public init(
    path: String, store: StoreOptions = .init(), options: LMDBOptions = .init()
  ) throws(PersistencyError) {
    let environment = try LMDBEnvironment.open(path, store, options)
    self.environment = environment
    gate = CallGate { environment.free() }
  }

  deinit { gate.close() }

  /// Ends the kept readers, syncs what is not durable yet, and unmaps.
  public func close() { gate.close() }

  // MARK: Writes

  /// One write transaction and one commit.
  public func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    try limits.check(ops)
    try gate.enter()
    defer { gate.leave() }
    try checkWritable()
    if ops.isEmpty { return }
    try write { writer throws(PersistencyError) in
      try writer.transaction(sync: false) { transaction throws(PersistencyError) in
        var wrote = false
        try transaction.apply(ops, wrote: &wrote)
      }
    }
  }

  /// One write transaction and one commit; `LMDBLayout` has a path for any bytes.
  public func importRows(_ rows: [RawRow]) throws(PersistencyError) {
    try limits.check(rows: rows)
    try gate.enter()
    defer { gate.leave() }
    try checkWritable()
    if rows.isEmpty { return }
    try write { writer throws(PersistencyError) in
      try writer.transaction(sync: false) { transaction throws(PersistencyError) in
        // In the span, so that no row is copied out of the array.
        let rows = rows.span
        for index in rows.indices { try transaction.put(rows[index]) }
      }
    }
  }

  /// One `mdb_del`; the commit of a row that was not there writes nothing.
  public func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    try checkWritable()
    return try write { writer throws(PersistencyError) in
      try writer.transaction(sync: false) { transaction throws(PersistencyError) in
        try LMDBLayout.withPath(category, key) { path throws(PersistencyError) in try transaction.delete(path) }
      }
    }
  }

  // MARK: Reads

  /// One `mdb_get` in a renewed read transaction.
  public func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    return try environment.read(gate) { transaction throws(PersistencyError) in
      try LMDBLayout.withPath(category, key) { path throws(PersistencyError) -> [UInt8]? in
        guard let payload = try transaction.get(path) else { return nil }
        return Array(payload)
      }
    }
  }

  /// As ``getOne(category:key:)``, without a copy.
  public func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    return try environment.read(gate) { transaction throws(PersistencyError) in
      try LMDBLayout.withPath(category, key) { path throws(PersistencyError) in try transaction.get(path) != nil }
    }
  }

  /// A cursor over the range; no visit, for it runs no code of the caller.
  public func scanRange(
    category: String, range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    try limits.check(category: category, range: range, limit: limit)
    try gate.enter()
    defer { gate.leave() }
    if range.isEmpty || limit == 0 { return [] }
    let bounds = LMDBLayout.bounds(category, range)
    let head = LMDBLayout.headBytes(category)
    return try environment.read(gate) { transaction throws(PersistencyError) in
      var rows: [KvRow] = []
      rows.reserveCapacity(min(limit ?? 0, 1_000))
      var walk = try LMDBWalk(transaction, bounds.start, bounds.stop, reverse: reverse)
      while try walk.next() {
        let key = Key(rawBytes: UnsafeRawBufferPointer(rebasing: walk.path[head...]))
        rows.append(KvRow(key: key, payload: Array(walk.payload)))
        if rows.count == limit { break }
      }
      return rows
    }
  }

  /// A cursor over the range that touches no payload.
  public func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int {
    try limits.check(category: category, range: range)
    try gate.enter()
    defer { gate.leave() }
    if range.isEmpty { return 0 }
    let bounds = LMDBLayout.bounds(category, range)
    return try environment.read(gate) { transaction throws(PersistencyError) in
      var count = 0
      var walk = try LMDBWalk(transaction, bounds.start, bounds.stop, reverse: false)
      while try walk.next() { count += 1 }
      return count
    }
  }
}

extension LMDBBackend {
  func checkWritable() throws(PersistencyError) {
    if environment.store.access == .readOnly {
      throw PersistencyError(.unsupported, "the store was opened read-only; open it with access .readWrite")
    }
  }

  /// Runs `body` with the writer lock held.
  private func write<R: Sendable>(
    _ body: (LMDBWriter) throws(PersistencyError) -> R
  ) throws(PersistencyError) -> R {
    try environment.write(gate) { writer in
      Result { () throws(PersistencyError) in try body(writer) }
    }.get()
  }
}
