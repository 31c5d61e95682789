public import PersistencyCore

/// The suite's yardstick: sorted rows in memory behind one lock, as plain as the contract allows.
///
/// Every check passes on it, and the deliberately broken backends are made of it. A snapshot is a copy of the value
/// that holds all rows.
public final class ReferenceBackend: KvBackend {
  public let limits: BackendLimits
  private let access: StoreAccess
  /// A volatile store has nothing to sync to.
  let isVolatile: Bool
  private let state = Locked(ReferenceState())
  private let gate = CallGate(free: {})

  public init(options: StoreOptions = .init(), limits: BackendLimits = .embedded) {
    self.limits = limits
    access = options.access
    isVolatile = options.durability == .volatile
  }

  /// Takes over the rows of another.
  func adopt(_ other: ReferenceBackend) {
    let rows = other.state.withLock { $0 }
    state.withLock { $0 = rows }
  }

  public func close() { gate.close() }

  deinit { gate.close() }

  // MARK: Writes

  public func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    try limits.check(ops)
    try gate.enter()
    defer { gate.leave() }
    try checkWritable()
    try state.withLock { state throws(PersistencyError) in try state.apply(ops) }
  }

  public func importRows(_ rows: [RawRow]) throws(PersistencyError) {
    try limits.check(rows: rows)
    try gate.enter()
    defer { gate.leave() }
    try checkWritable()
    state.withLock { state in
      for row in rows { state.set(row.category, row.key, to: row.payload) }
    }
  }

  public func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    batches.map { batch in
      Result { () throws(PersistencyError) in
        if sync && isVolatile { throw PersistencyError(.invalidArgument, "a volatile store cannot be synced") }
        try applyOps(batch)
      }
    }
  }

  public func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    try checkWritable()
    return state.withLock { $0.set(Array(category.utf8), key, to: nil) } != nil
  }

  private func checkWritable() throws(PersistencyError) {
    if access == .readOnly { throw PersistencyError(.unsupported, "the store is open for reading only") }
  }

  // MARK: Reads

  public func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    return state.withLock { $0.category(category).payload(of: key) }
  }

  public func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try limits.check(category: category, range: range)
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    let rows = state.withLock { $0.category(category) }
    try rows.visit(range, reverse: reverse) { row throws(PersistencyError) in
      try gate.checkOpen()
      return try visit(row.key.bytes.span.bytes, row.payload.span.bytes)
    }
  }

  public func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    let state = state.withLock { $0 }
    for category in state.categoryBytes {
      guard let rows = state.rows[category] else { continue }
      var wanted = Visit.next
      try rows.visit(.all, reverse: false) { row throws(PersistencyError) in
        try gate.checkOpen()
        wanted = try visit(category.span.bytes, row.key.bytes.span.bytes, row.payload.span.bytes)
        return wanted
      }
      if wanted == .stop { return }
    }
  }

  public func categories() throws(PersistencyError) -> [String] {
    try gate.enter()
    defer { gate.leave() }
    var names: [String] = []
    for category in state.withLock({ $0.categoryBytes }) {
      guard let name = String(validating: category, as: UTF8.self) else {
        throw PersistencyError(.corrupted, "the category \(Key(rawBytes: category)) is not UTF-8")
      }
      names.append(name)
    }
    return names
  }
}

extension BackendFixture {
  /// The yardstick itself.
  public static let reference = BackendFixture(
    name: "reference", capabilities: Capabilities(persistent: false, rawCategories: true),
    open: { _, options throws(PersistencyError) in ReferenceBackend(options: options) })
}
