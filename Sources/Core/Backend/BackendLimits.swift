/// The most that a category, key, payload and batch may measure, in bytes and ops, and the one place where that is checked.
public struct BackendLimits: Hashable, Sendable {
  /// A category's UTF-8.
  public var categoryBytes: Int
  /// A key, and each bound of a range.
  public var keyBytes: Int
  /// A payload, stored or expected.
  public var payloadBytes: Int
  /// Categories, keys, bounds and payloads of one batch together.
  public var batchBytes: Int
  /// Ops of one batch; as many as fit, where an engine has no limit of its own.
  public var batchOps: Int

  /// Limits of an adapter's own; each at most that of ``embedded`` where jobs are to move between engines.
  public init(categoryBytes: Int, keyBytes: Int, payloadBytes: Int, batchBytes: Int, batchOps: Int = .max) {
    self.categoryBytes = categoryBytes
    self.keyBytes = keyBytes
    self.payloadBytes = payloadBytes
    self.batchBytes = batchBytes
    self.batchOps = batchOps
  }

  /// What every embedded engine takes: 255 B, 65,535 B, 512 MiB, 1 GiB.
  public static let embedded = BackendLimits(
    categoryBytes: 255, keyBytes: 65_535, payloadBytes: 512 << 20, batchBytes: 1 << 30)

  // MARK: Checks; each throws `.invalidArgument` naming the limit and the size

  /// Checks a batch.
  ///
  /// - Returns: Its size in bytes, as ``batchBytes`` counts it.
  @discardableResult
  public func check(_ ops: [TxOp]) throws(PersistencyError) -> Int {
    if ops.count > batchOps { throw Self.overOps(ops.count, batchOps) }
    var total = 0
    // By index, so that no op is copied out of its batch.
    let span = ops.span
    for index in span.indices {
      // Each op is at most a few hundred MiB by now, so that the sum cannot overflow before it is over.
      total += try check(span[index])
      if total > batchBytes { throw Self.over("batch", total, batchBytes) }
    }
    return total
  }

  /// Checks rows to import; together they count as a batch.
  ///
  /// - Returns: Their size in bytes.
  @discardableResult
  public func check(rows: [RawRow]) throws(PersistencyError) -> Int {
    if rows.count > batchOps { throw Self.overOps(rows.count, batchOps) }
    var total = 0
    let span = rows.span
    for index in span.indices {
      total += try check(span[index])
      if total > batchBytes { throw Self.over("batch", total, batchBytes) }
    }
    return total
  }

  @inline(__always)
  private func check(_ row: borrowing RawRow) throws(PersistencyError) -> Int {
    if row.category.count > categoryBytes { throw Self.over("category", row.category.count, categoryBytes) }
    try check(row.key)
    try check(payload: row.payload)
    return row.category.count + row.key.byteCount + row.payload.count
  }

  /// Checks a category.
  public func check(category: String) throws(PersistencyError) {
    let size = category.utf8.count
    if size > categoryBytes { throw Self.over("category", size, categoryBytes) }
  }

  /// Checks what names a row; an invalid key says why it is.
  public func check(category: String, key: Key) throws(PersistencyError) {
    try check(category: category)
    try check(key)
  }

  /// Checks what names a range: the category and both bounds.
  public func check(category: String, range: KeyRange) throws(PersistencyError) {
    try check(category: category)
    try check(range)
  }

  /// Checks a scan; its limit may be nought, but not negative.
  public func check(category: String, range: KeyRange, limit: Int?) throws(PersistencyError) {
    try check(category: category, range: range)
    if let limit, limit < 0 {
      throw PersistencyError(.invalidArgument, "a limit of \(limit) rows; give 0 or more, or nil for all")
    }
  }

  @inline(__always)
  private func check(_ op: borrowing TxOp) throws(PersistencyError) -> Int {
    switch op {
    case .put(let category, let key, let payload):
      try check(payload: payload)
      return try size(category: category, key: key) + payload.count
    case .delete(let category, let key):
      return try size(category: category, key: key)
    case .deleteRange(let category, let range):
      let stop = range.stop
      if let stop { try check(stop) }
      return try size(category: category, key: range.start) + (stop?.byteCount ?? 0)
    case .expect(let category, let key, let payload):
      if let payload { try check(payload: payload) }
      return try size(category: category, key: key) + (payload?.count ?? 0)
    }
  }

  @inline(__always)
  private func size(category: String, key: Key) throws(PersistencyError) -> Int {
    try check(category: category, key: key)
    return category.utf8.count + key.byteCount
  }

  @inline(__always)
  private func check(_ key: Key) throws(PersistencyError) {
    if let fault = key.fault { throw fault.error }
    if key.byteCount > keyBytes { throw Self.over("key", key.byteCount, keyBytes) }
  }

  private func check(_ range: KeyRange) throws(PersistencyError) {
    try check(range.start)
    if let stop = range.stop { try check(stop) }
  }

  @inline(__always)
  private func check(payload: [UInt8]) throws(PersistencyError) {
    if payload.count > payloadBytes { throw Self.over("payload", payload.count, payloadBytes) }
  }

  private static func overOps(_ count: Int, _ limit: Int) -> PersistencyError {
    PersistencyError(.invalidArgument, "a batch of \(count) ops is over the limit of \(limit) ops")
  }

  private static func over(_ what: String, _ size: Int, _ limit: Int) -> PersistencyError {
    PersistencyError(.invalidArgument, "a \(what) of \(size) bytes is over the limit of \(limit) bytes")
  }
}
