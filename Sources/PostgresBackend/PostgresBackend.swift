public import PersistencyCore

/// A store on a PostgreSQL server, beside those of other jobs, in one table.
///
/// The job's row holds its fence and its ledger: every commit raises the ledger by one under the row's lock, and fails where
/// it is not what this process left there. So a writer that was taken over writes nothing, and whether a commit whose answer
/// was lost is in shows when it is asked; it is never repeated blindly. All jobs of an engine share a bounded pool of connections.
public final class PostgresBackend: KvMaintenance {
  let store: PostgresStore
  let gate: CallGate

  // MARK: Lifecycle

  init(_ store: PostgresStore) {
    self.store = store
    gate = CallGate { store.close() }
  }

  deinit { gate.close() }

  /// Gives the right to write back; the rows are where they were.
  public func close() { gate.close() }

  /// Lower than an embedded engine's: what fits PostgreSQL's index, and a message.
  public var limits: BackendLimits { PostgresLayout.limits }
  /// The same, of every store on PostgreSQL: category and key 2,600 bytes together, a batch 16 MiB and 10,000 ops.
  public static var limits: BackendLimits { PostgresLayout.limits }

  // MARK: Writes

  /// A group of one batch.
  public func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    try limits.check(ops)
    try gate.enter()
    defer { gate.leave() }
    try store.checkWritable()
    var outcomes: [Result<Void, PersistencyError>] = [.success(())]
    store.commit([ops], sync: false, &outcomes)
    try outcomes[0].get()
  }

  /// One transaction in one round trip, two where a batch expects something; several when it is more than a transaction may be.
  public func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    var outcomes = batches.map { batch in
      Result<Void, PersistencyError> { () throws(PersistencyError) in try limits.check(batch) }
    }
    do throws(PersistencyError) {
      try gate.enter()
      defer { gate.leave() }
      try store.checkWritable()
      store.commit(batches, sync: sync, &outcomes)
    } catch {
      for index in outcomes.indices where outcomes[index].isSuccess { outcomes[index] = .failure(error) }
    }
    return outcomes
  }

  /// One transaction; a category is a bytea like any other.
  public func importRows(_ rows: [RawRow]) throws(PersistencyError) {
    try limits.check(rows: rows)
    try gate.enter()
    defer { gate.leave() }
    try store.checkWritable()
    try store.commit(rows)
  }

  /// The delete's own count of rows, in a transaction like any other.
  public func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    try store.checkWritable()
    return try store.commitDelete(category, key)
  }

  // MARK: Reads

  /// One prepared command.
  public func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    return try store.get(category, key, isNested: gate.isVisiting)
  }

  /// One prepared command that leaves the payload on the server.
  public func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    return try store.exists(category, key, isNested: gate.isVisiting)
  }

  /// One command for up to a page of rows; more are a visit's pages.
  public func scanRange(
    category: String, range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    try limits.check(category: category, range: range, limit: limit)
    try gate.enter()
    defer { gate.leave() }
    if range.isEmpty || limit == 0 { return [] }
    if let limit, limit <= PostgresWalk.pageRows {
      return try store.scan(category, range, reverse: reverse, limit: limit, isNested: gate.isVisiting)
    }
    var rows: [KvRow] = []
    var walk = PostgresWalk(store, category, range, reverse: reverse, isNested: gate.isVisiting)
    defer { walk.end() }
    while try walk.next() {
      rows.append(KvRow(key: Key(rawBytes: walk.key), payload: [UInt8](walk.payload)))
      if rows.count == limit { break }
    }
    return rows
  }

  /// `count(*)`: the server walks the rows.
  public func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int {
    try limits.check(category: category, range: range)
    try gate.enter()
    defer { gate.leave() }
    return range.isEmpty ? 0 : try store.count(category, range, isNested: gate.isVisiting)
  }

  /// Pages by key, all of one repeatable-read transaction.
  public func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try limits.check(category: category, range: range)
    let isNested = gate.isVisiting
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    if range.isEmpty { return }
    var walk = PostgresWalk(store, category, range, reverse: reverse, isNested: isNested)
    defer { walk.end() }
    while try walk.next() {
      try gate.checkOpen()
      let key = walk.key
      let payload = walk.payload
      if try visit(RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload)) == .stop { return }
    }
  }

  /// Pages by category and key, all of one repeatable-read transaction.
  public func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    let isNested = gate.isVisiting
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    var walk = PostgresWalk(everythingOf: store, isNested: isNested)
    defer { walk.end() }
    while try walk.next() {
      try gate.checkOpen()
      let category = walk.category
      let key = walk.key
      let payload = walk.payload
      let wanted = try visit(
        RawSpan(_unsafeBytes: category), RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload))
      if wanted == .stop { return }
    }
  }

  /// A recursive query that seeks from each category to the next.
  public func categories() throws(PersistencyError) -> [String] {
    try gate.enter()
    defer { gate.leave() }
    var names: [String] = []
    for bytes in try store.categories(isNested: gate.isVisiting) {
      names.append(try PostgresLayout.name(ofCategory: bytes))
    }
    return names
  }

  // MARK: Maintenance

  /// What its rows and their index entries take, about; the server keeps no account by job.
  public func sizeOnDisk() throws(PersistencyError) -> Int {
    try gate.enter()
    defer { gate.leave() }
    return try store.number(.size, "measuring", isNested: gate.isVisiting)
  }

  /// Reads every row on the server, and looks for what no call could have put there.
  public func check(_ report: (CheckFinding) -> Void) throws(PersistencyError) {
    try gate.enter()
    defer { gate.leave() }
    let oversized = try store.number(.oversized, "examining", isNested: gate.isVisiting)
    if oversized > 0 {
      report(CheckFinding("\(oversized) rows are over the limits: they were not put there by this library"))
    }
  }
}

extension Result {
  var isSuccess: Bool {
    if case .success = self { true } else { false }
  }
}
