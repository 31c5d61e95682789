import Foundation
import PersistencyCore

/// A store that tells what was written to it, and fails or lies where a test says so.
final class SpyBackend: KvBackend {
  struct State {
    var imported = 0
    var deleted = 0
    /// Fails the import of so many batches from now; negative, none.
    var failsAfter = -1
    var failure = PersistencyError(.backend, "the test says so")
    /// How many ops a batch may have, where that is less than the store's own.
    var batchOps: Int?
    /// How many rows each import had at most.
    var largestImport = 0
    /// Payloads read otherwise than they were written.
    var lies = false
    /// Called at each import.
    var onImport: (@Sendable () -> Void)?
  }

  private let store: any KvBackend
  private let state: SharedState

  /// What all stores of one engine share, so that a test sees those it does not hold.
  final class SharedState: Sendable {
    private let state = Locked(State())
    private let stores = Locked<[any KvBackend]>([])
    func add(_ store: any KvBackend) { stores.withLock { $0.append(store) } }

    /// Waits until every store that was opened by now has begun to close.
    func storesClosed() {
      for store in stores.withLock({ $0 }) {
        while (try? store.existsOne(category: "", key: Key())) != nil { Thread.sleep(forTimeInterval: 0.001) }
      }
    }

    func withLock<R: Sendable>(_ body: (inout sending State) -> R) -> R { state.withLock { body(&$0) } }
  }

  init(_ store: any KvBackend, _ state: SharedState) {
    self.store = store
    self.state = state
    state.add(store)
  }

  var limits: BackendLimits {
    var limits = store.limits
    limits.batchOps = state.withLock { $0.batchOps } ?? limits.batchOps
    return limits
  }

  func importRows(_ rows: [RawRow]) throws(PersistencyError) {
    let (failure, called) = state.withLock { state in
      defer { state.failsAfter -= 1 }
      if state.failsAfter == 0 { return (PersistencyError?.some(state.failure), state.onImport) }
      state.imported += rows.count
      state.largestImport = max(state.largestImport, rows.count)
      return (nil, state.onImport)
    }
    called?()
    if let failure { throw failure }
    try store.importRows(rows)
  }

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    state.withLock { $0.deleted += ops.count }
    try store.applyOps(ops)
  }

  func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    store.applyGroup(batches, sync: sync)
  }

  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try store.getOne(category: category, key: key)
  }

  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try store.deleteOne(category: category, key: key)
  }

  func visitRange(
    category: String, range: KeyRange, reverse: Bool, _ visit: (RawSpan, RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try store.visitRange(category: category, range: range, reverse: reverse, visit)
  }

  func visitAll(
    _ visit: (RawSpan, RawSpan, RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    let lies = state.withLock { $0.lies }
    try store.visitAll { category, key, payload throws(PersistencyError) in
      if !lies { return try visit(category, key, payload) }
      let other = [UInt8](copying: payload) + [1]
      return try visit(category, key, other.span.bytes)
    }
  }

  func categories() throws(PersistencyError) -> [String] { try store.categories() }
  func close() { store.close() }
}

extension Engine {
  /// This engine, spied upon.
  func spied(_ state: SpyBackend.SharedState) -> Engine {
    wrapping { SpyBackend($0, state) }
  }
}
