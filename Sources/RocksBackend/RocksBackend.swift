public import PersistencyCore

/// A store in a RocksDB folder of its own.
///
/// One column family; see `RocksLayout` for its keys. Point reads are pinned in the engine, ranges walk an iterator
/// between bounds, and each group is one write of RocksDB's. All stores of a process share one block cache and RocksDB's few threads.
///
/// Opening a store that crashed, or lost power, keeps a whole prefix of its write-ahead log: every acknowledged batch
/// at `Durability.full`, all but the last moments at the others. On a full disk the store reopens inside, between visits, so that
/// reads go on and writes work again once there is room; a store that is opened on a full disk behaves so from the start.
public final class RocksBackend: KvMaintenance {
  let handle: RocksHandle
  let gate: CallGate
  let store: StoreOptions
  let writer: Locked<RocksWriter>

  // MARK: Lifecycle

  /// Opens the folder at `path`, or makes it (mode 0700) where `StoreOptions.mustExist` allows.
  ///
  /// - Throws: `.corrupted` for a damaged or foreign folder, and for a missing or emptied one that must exist, which stays as it
  ///   was; `.locked` when it is open already, here or in another process; `.storageFull` when there is no room to make it.
  public init(
    path: String, store: StoreOptions = .init(), options: RocksOptions = .init()
  ) throws(PersistencyError) {
    let opened = try RocksHandle.open(path, store, options)
    let handle = opened.handle
    let claim = opened.claim
    self.handle = handle
    self.store = store
    gate = CallGate {
      handle.close()
      StoreRegistry.release(claim)
    }
    writer = Locked(RocksWriter(isFull: opened.isFull))
  }

  deinit { gate.close() }

  /// Writes the memtable out as a table and closes the database.
  public func close() { gate.close() }

  // MARK: Writes

  /// A group of one batch.
  public func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    try limits.check(ops)
    try gate.enter()
    defer { gate.leave() }
    try checkWritable(sync: false)
    if ops.isEmpty { return }
    var outcomes: [Result<Void, PersistencyError>] = [.success(())]
    commit([ops], sync: false, &outcomes)
    try outcomes[0].get()
  }

  /// One write of RocksDB's for all batches; one whose `expect` fails is taken back to a save point.
  public func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    var outcomes = batches.map { batch in
      Result<Void, PersistencyError> { () throws(PersistencyError) in try limits.check(batch) }
    }
    do throws(PersistencyError) {
      try gate.enter()
      defer { gate.leave() }
      try checkWritable(sync: sync)
      commit(batches, sync: sync, &outcomes)
    } catch {
      outcomes.failRest(error)
    }
    return outcomes
  }

  /// One write of RocksDB's; `RocksLayout` takes any bytes.
  public func importRows(_ rows: [RawRow]) throws(PersistencyError) {
    try limits.check(rows: rows)
    try gate.enter()
    defer { gate.leave() }
    try checkWritable(sync: false)
    if rows.isEmpty { return }
    try commitRows(rows)
  }

  /// A pinned read and a delete, under the write lock.
  public func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    try checkWritable(sync: false)
    return try commitDelete(category, key)
  }

  // MARK: Reads

  /// A pinned read, copied once.
  public func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    handle.turnstile.enter(.point)
    defer { handle.turnstile.leave(.point) }
    return try handle.withPayload(category, key) { $0.map { [UInt8]($0) } }
  }

  /// A pinned read, not copied.
  public func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    handle.turnstile.enter(.point)
    defer { handle.turnstile.leave(.point) }
    return try handle.withPayload(category, key) { $0 != nil }
  }

  /// An iterator between bounds.
  public func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try limits.check(category: category, range: range)
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    if range.isEmpty { return }
    try walk(category, range, reverse: reverse, visit)
  }

  /// As a visit, with no visitor to call.
  public func scanRange(
    category: String, range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    try limits.check(category: category, range: range, limit: limit)
    try gate.enter()
    defer { gate.leave() }
    if range.isEmpty || limit == 0 { return [] }
    return try rows(category, range, reverse: reverse, limit: limit)
  }

  /// An iterator that reads no payload.
  public func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int {
    try limits.check(category: category, range: range)
    try gate.enter()
    defer { gate.leave() }
    return range.isEmpty ? 0 : try count(category, range)
  }
}
