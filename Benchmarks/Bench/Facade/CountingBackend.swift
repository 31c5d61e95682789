import Foundation
import PersistencyCore
import Synchronization

/// How many bytes of puts have been queued and are not settled: what the queue holds, counted from outside.
final class Backlog: Sendable {
  private let bytes = Atomic<Int>(0)
  private let most = Atomic<Int>(0)

  /// The most there ever was.
  var highWater: Int { most.load(ordering: .relaxed) }

  func add(_ count: Int) { _ = most.max(bytes.add(count, ordering: .relaxed).newValue, ordering: .relaxed) }
  func remove(_ count: Int) { bytes.subtract(count, ordering: .relaxed) }
}

/// A backend whose groups take at least a millisecond, as on a slow disk, and are counted off a ``Backlog``.
final class CountingBackend: KvBackend {
  private let base: any KvBackend
  private let backlog: Backlog

  init(_ base: any KvBackend, _ backlog: Backlog) {
    self.base = base
    self.backlog = backlog
  }

  static func engine(_ base: Engine, _ backlog: Backlog) -> Engine {
    base.wrapping { CountingBackend($0, backlog) }
  }

  func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    Thread.sleep(forTimeInterval: 0.001)
    let outcomes = base.applyGroup(batches, sync: sync)
    for batch in batches { backlog.remove(Self.bytes(of: batch)) }
    return outcomes
  }

  static func bytes(of ops: [TxOp]) -> Int {
    ops.reduce(0) { sum, op in
      guard case .put(let category, let key, let payload) = op else { return sum }
      return sum + category.utf8.count + key.byteCount + payload.count
    }
  }

  // MARK: Passed on

  var limits: BackendLimits { base.limits }

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) { try base.applyOps(ops) }

  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try base.getOne(category: category, key: key)
  }

  func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try base.existsOne(category: category, key: key)
  }

  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try base.deleteOne(category: category, key: key)
  }

  func scanRange(category: String, range: KeyRange, reverse: Bool, limit: Int?) throws(PersistencyError) -> [KvRow] {
    try base.scanRange(category: category, range: range, reverse: reverse, limit: limit)
  }

  func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int {
    try base.countRange(category: category, range: range)
  }

  func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try base.visitRange(category: category, range: range, reverse: reverse, visit)
  }

  func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try base.visitAll(visit)
  }

  func categories() throws(PersistencyError) -> [String] { try base.categories() }

  func close() { base.close() }
}
