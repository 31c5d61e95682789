/// A `KvBackend` in this process's memory: copy-on-write B+trees, a category each.
///
/// No file is made and nothing outlives ``close()``; every durability is accepted, since there is nothing to lose in a
/// power cut that was not lost anyway. Scans, visits and counts run on a snapshot, which costs one retain and which no
/// writer waits for.
public final class MemoryBackend: KvMaintenance {
  public let limits: BackendLimits

  let gate: CallGate
  let store: MemoryStore
  private let options: StoreOptions

  // MARK: Lifecycle

  /// A fresh, empty store; `path` names nothing and `mustExist` asks for nothing, because there is no file.
  public init(
    path: String = "", store options: StoreOptions = .init(), options memory: MemoryOptions = .init()
  ) throws(PersistencyError) {
    let (most, asked) = (BackendLimits.embedded, memory.limits)
    limits = BackendLimits(
      categoryBytes: min(asked.categoryBytes, most.categoryBytes), keyBytes: min(asked.keyBytes, most.keyBytes),
      payloadBytes: min(asked.payloadBytes, most.payloadBytes), batchBytes: min(asked.batchBytes, most.batchBytes))
    self.options = options
    let store = MemoryStore()
    self.store = store
    gate = CallGate { store.clear() }
  }

  deinit { close() }

  /// Frees every row; a snapshot that a visit still reads goes with that visit.
  public func close() { gate.close() }

  // MARK: Writes

  /// In place when the batch is short and cannot fail half-way, else on a copy of the roots that then replaces them.
  public func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    try limits.check(ops)
    try gate.enter()
    defer { gate.leave() }
    try requireWritable()
    try store.apply(ops)
  }

  /// One batch after the other: there is no commit to share.
  public func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    batches.map { batch in
      Result { () throws(PersistencyError) in
        if sync, options.durability == .volatile { throw .syncOnVolatile }
        try applyOps(batch)
      }
    }
  }

  /// Looks and removes under one lock.
  public func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    try requireWritable()
    return store.remove(category, key)
  }

  /// Any bytes name a tree of the root.
  public func importRows(_ rows: [RawRow]) throws(PersistencyError) {
    try limits.check(rows: rows)
    try gate.enter()
    defer { gate.leave() }
    try requireWritable()
    store.put(rows)
  }

  private func requireWritable() throws(PersistencyError) {
    if options.access == .readOnly { throw .readOnly }
  }

  // MARK: Reads

  /// The stored array itself, by one retain: bytes are copied when somebody changes theirs.
  public func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    return store.payload(category, key)
  }

  /// As a get: it copies nothing either.
  public func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try getOne(category: category, key: key) != nil
  }

  /// Shares payloads, and keys that are too long to lie in the value, with the store, by a retain each.
  public func scanRange(
    category: String, range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    try limits.check(category: category, range: range, limit: limit)
    try gate.enter()
    defer { gate.leave() }
    guard limit != 0, let tree = store.snapshot().rows(category) else { return [] }
    var rows: [KvRow] = []
    unsafe tree.visit(
      range, reverse: reverse, ahead: min(limit ?? .max, Self.ahead), announce: Self.prefetch
    ) { row in
      rows.append(KvRow(key: row.pointee.key, payload: row.pointee.value))
      return rows.count == limit ? .stop : .next
    }
    return rows
  }

  /// The difference of two ranks: no row is touched.
  public func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int {
    try limits.check(category: category, range: range)
    try gate.enter()
    defer { gate.leave() }
    return store.snapshot().rows(category)?.count(range) ?? 0
  }
}
