import PersistencyCore

typealias RowVisitor = (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
typealias StoreVisitor = (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit

/// A backend's calls as values, to replace one and keep the others.
struct BackendCalls: Sendable {
  var limits: BackendLimits
  let isVolatile: Bool
  var applyOps: @Sendable ([TxOp]) throws(PersistencyError) -> Void
  /// Rows of which at least one has a category that is not UTF-8.
  var importRaw: @Sendable ([RawRow]) throws(PersistencyError) -> Void
  var getOne: @Sendable (_ category: String, _ key: Key) throws(PersistencyError) -> [UInt8]?
  var deleteOne: @Sendable (_ category: String, _ key: Key) throws(PersistencyError) -> Bool
  var visitRange:
    @Sendable (_ category: String, _ range: KeyRange, _ reverse: Bool, _ visit: RowVisitor) throws(PersistencyError)
      -> Void
  var visitAll: @Sendable (_ visit: StoreVisitor) throws(PersistencyError) -> Void
  var categories: @Sendable () throws(PersistencyError) -> [String]
  var close: @Sendable () -> Void

  // Nil: made of the calls above, so that what was replaced there shows here.
  var applyGroup: (@Sendable (_ batches: [[TxOp]]) -> [Result<Void, PersistencyError>])?
  var importRows: (@Sendable ([RawRow]) throws(PersistencyError) -> Void)?
  var importAll: (@Sendable (_ next: () throws(PersistencyError) -> [RawRow]?) throws(PersistencyError) -> Void)?
  var existsOne: (@Sendable (_ category: String, _ key: Key) throws(PersistencyError) -> Bool)?
  var scanRange:
    (
      @Sendable (_ category: String, _ range: KeyRange, _ reverse: Bool, _ limit: Int?) throws(PersistencyError)
        -> [KvRow]
    )?
  var countRange: (@Sendable (_ category: String, _ range: KeyRange) throws(PersistencyError) -> Int)?

  init(_ store: ReferenceBackend) { self.init(store, isVolatile: store.isVolatile) }

  /// A job's calls, each its own; a volatile one refuses by itself.
  init(job store: any KvBackend) {
    self.init(store, isVolatile: false)
    applyGroup = { store.applyGroup($0, sync: false) }
    scanRange = { category, range, reverse, limit throws(PersistencyError) in
      try store.scanRange(category: category, range: range, reverse: reverse, limit: limit)
    }
    countRange = { category, range throws(PersistencyError) in
      try store.countRange(category: category, range: range)
    }
  }

  private init(_ store: any KvBackend, isVolatile: Bool) {
    limits = store.limits
    self.isVolatile = isVolatile
    applyOps = { ops throws(PersistencyError) in try store.applyOps(ops) }
    importRaw = { rows throws(PersistencyError) in try store.importRows(rows) }
    getOne = { category, key throws(PersistencyError) in try store.getOne(category: category, key: key) }
    deleteOne = { category, key throws(PersistencyError) in try store.deleteOne(category: category, key: key) }
    visitRange = { category, range, reverse, visit throws(PersistencyError) in
      try store.visitRange(category: category, range: range, reverse: reverse, visit)
    }
    visitAll = { visit throws(PersistencyError) in try store.visitAll(visit) }
    categories = { () throws(PersistencyError) in try store.categories() }
    close = { store.close() }
  }
}

/// A value that closures share.
final class Shared<Value: Sendable>: Sendable {
  private let value: Locked<Value>

  init(_ value: Value) { self.value = Locked(value) }

  func withLock<R: Sendable, E: Error>(_ body: (inout Value) throws(E) -> R) throws(E) -> R {
    try value.withLock { value throws(E) in try body(&value) }
  }
}
