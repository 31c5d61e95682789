public import PersistencyCore

/// A `KvBackend` in one SQLite file, in write-ahead-log mode: the reference engine.
///
/// The file has the one table `kv(category, key, payload)`, and any SQLite client reads it. One connection writes, and
/// any number read beside it, each on the state it began with.
public final class SQLiteBackend: KvMaintenance {
  let store: SQLiteStore
  let gate: CallGate

  // MARK: Lifecycle

  /// Opens the file at `path`, or makes it with mode 0600.
  ///
  /// A file that is not ours is refused and left as it is. One in rollback-journal mode is recovered, and in
  /// write-ahead-log mode from then on.
  ///
  /// - Parameters:
  ///   - path: The database file; its log lies beside it while it is open.
  ///   - options: Read-only, it may be open beside a writer of another process; without one, the file is not changed.
  ///   - engine: What can be set about SQLite.
  /// - Throws: `.corrupted` for a damaged or foreign file, for a symbolic link, and for one that must exist and is
  ///   missing or empty; `.unsupported` for one of a newer version; `.locked` when this process has it open, or
  ///   another keeps it to itself; `.storageFull`; `.backend` otherwise, with SQLite's code or the `errno`.
  public init(
    path: String, store options: StoreOptions = .init(), options engine: SQLiteOptions = .init()
  ) throws(PersistencyError) {
    let store = try SQLiteStore.open(path, options, engine)
    self.store = store
    gate = CallGate { store.close() }
  }

  init(_ store: SQLiteStore) {
    self.store = store
    gate = CallGate { store.close() }
  }

  deinit { gate.close() }

  /// The database file, by an absolute path.
  public var path: String { store.file.path }

  public func close() { gate.close() }

  // MARK: Writes

  /// One `BEGIN IMMEDIATE … COMMIT`.
  public func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    try limits.check(ops)
    try gate.enter()
    defer { gate.leave() }
    try store.write { writer throws(PersistencyError) in try writer.apply(ops) }
  }

  /// One transaction for all; if a batch fails in it, it is undone and each batch gets its own.
  public func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    let checked = batches.map { batch in
      Result { () throws(PersistencyError) in
        try limits.check(batch)
        return ()
      }
    }
    do throws(PersistencyError) {
      try gate.enter()
      defer { gate.leave() }
      if sync && store.durability == .volatile && !store.isReadOnly {
        throw PersistencyError(
          .invalidArgument, "a volatile store has nothing to sync; open it with another durability")
      }
      return try store.write { writer throws(PersistencyError) in
        var outcomes = checked
        writer.apply(batches, sync: sync, &outcomes)
        return outcomes
      }
    } catch {
      return checked.map { outcome in outcome.flatMap { .failure(error) } }
    }
  }

  /// One `BEGIN IMMEDIATE … COMMIT`; a category is a BLOB like any other.
  public func importRows(_ rows: [RawRow]) throws(PersistencyError) {
    try limits.check(rows: rows)
    try gate.enter()
    defer { gate.leave() }
    try store.write { writer throws(PersistencyError) in try writer.put(rows) }
  }

  /// A `DELETE` in a transaction of its own, and the count of rows it changed.
  public func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    return try store.write { writer throws(PersistencyError) in try writer.delete(category, key) }
  }

  // MARK: Reads

  /// A seek in the table, on an idle reader.
  public func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    return try store.readers.read { reader throws(PersistencyError) in try reader.get(category, key) }
  }

  /// A seek that leaves the payload where it is.
  public func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    return try store.readers.read { reader throws(PersistencyError) in try reader.exists(category, key) }
  }

  /// One statement, stopped at the limit; a short scan reads in the kept transaction, as a get does.
  public func scanRange(
    category: String, range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    try limits.check(category: category, range: range, limit: limit)
    try gate.enter()
    defer { gate.leave() }
    var rows: [KvRow] = []
    if limit == 0 { return rows }
    rows.reserveCapacity(min(limit ?? 0, Self.shortRows))
    func scan(_ reader: SQLiteConnection) throws(PersistencyError) {
      try reader.visit(category, range, reverse: reverse) { key, payload throws(PersistencyError) in
        rows.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)))
        return rows.count == limit ? .stop : .next
      }
    }
    if let limit, limit <= Self.shortRows {
      try store.readers.read { reader throws(PersistencyError) in try scan(reader) }
    } else {
      try store.visit { reader throws(PersistencyError) in try scan(reader) }
    }
    return rows
  }

  /// Rows of a scan that takes no longer than a few gets do.
  private static let shortRows = 500

  /// `count(*)` of the range; SQLite walks the rows.
  public func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int {
    try limits.check(category: category, range: range)
    try gate.enter()
    defer { gate.leave() }
    return try store.readers.read { reader throws(PersistencyError) in try reader.count(category, range) }
  }

  /// One statement on a reader of its own; the spans are SQLite's pages.
  public func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try limits.check(category: category, range: range)
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    try store.visit { reader throws(PersistencyError) in
      try reader.visit(category, range, reverse: reverse) { key, payload throws(PersistencyError) in
        try gate.checkOpen()
        return try visit(key, payload)
      }
    }
  }

  /// The whole table in the order it lies in.
  public func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    try store.visit { reader throws(PersistencyError) in
      try reader.visitAll { category, key, payload throws(PersistencyError) in
        try gate.checkOpen()
        return try visit(category, key, payload)
      }
    }
  }

  /// A seek from each category to the next.
  public func categories() throws(PersistencyError) -> [String] {
    try gate.enter()
    defer { gate.leave() }
    let found = try store.readers.read { reader throws(PersistencyError) in try reader.categories() }
    var names: [String] = []
    for bytes in found { names.append(try SQLiteLayout.name(ofCategory: bytes)) }
    return names
  }
}
