import Foundation
import PersistencyCore
import Synchronization

/// An engine like another, whose commits can be made to wait, to fail and to be counted: a slow or broken disk.
final class PacedEngine: Sendable {
  private struct State {
    var delay = Duration.zero
    var isHeld = false
    var failure: PersistencyError?
    var began = 0
    var groups: [Int] = []
    var synced = 0
  }

  private let state = Locked(State())
  private let base: Engine
  /// Payload bytes whose commit ended.
  let committedBytes = Atomic<Int>(0)

  init(_ base: Engine) { self.base = base }

  var engine: Engine { engine(named: base.name, suffix: base.fileSuffix) }

  /// The same beside others: names and suffixes of one root differ.
  func engine(named name: String, suffix: String) -> Engine {
    base.wrapping(as: name, fileSuffix: base.capabilities.persistent ? suffix : "") { PacedBackend($0, self) }
  }

  func slow(by delay: Duration) { state.withLock { $0.delay = delay } }
  /// Commits wait until they are let go.
  func hold() { state.withLock { $0.isHeld = true } }
  func letGo() { state.withLock { $0.isHeld = false } }
  /// Every commit fails so; nil lets them succeed again.
  func fail(_ error: PersistencyError?) { state.withLock { $0.failure = error } }
  /// How many batches each commit had.
  var groups: [Int] { state.withLock { $0.groups } }
  var syncedGroups: Int { state.withLock { $0.synced } }

  /// Waits until so many commits have begun.
  func commitsBegun(_ count: Int) async throws {
    while state.withLock({ $0.began }) < count { try await Task.sleep(for: .milliseconds(1)) }
  }

  /// What a disk does before a commit: time passes, or it fails.
  fileprivate func pass(_ batches: Int, sync: Bool) -> PersistencyError? {
    let delay = state.withLock { state in
      state.began += 1
      return state.delay
    }
    while state.withLock({ $0.isHeld }) { Thread.sleep(forTimeInterval: 0.001) }
    if delay > .zero { Thread.sleep(forTimeInterval: delay / .seconds(1)) }
    return state.withLock { state in
      state.groups.append(batches)
      if sync { state.synced += 1 }
      return state.failure
    }
  }

  fileprivate func note(_ batches: [[TxOp]]) {
    var bytes = 0
    for case .put(_, _, let payload) in batches.joined() { bytes += payload.count }
    committedBytes.add(bytes, ordering: .relaxed)
  }
}

private final class PacedBackend: KvBackend {
  private let store: any KvBackend
  private let pace: PacedEngine

  init(_ store: any KvBackend, _ pace: PacedEngine) { (self.store, self.pace) = (store, pace) }

  var limits: BackendLimits { store.limits }
  func close() { store.close() }

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    if let failure = pace.pass(1, sync: false) { throw failure }
    try store.applyOps(ops)
    pace.note([ops])
  }

  func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    if let failure = pace.pass(batches.count, sync: sync) { return batches.map { _ in .failure(failure) } }
    defer { pace.note(batches) }
    return store.applyGroup(batches, sync: sync)
  }

  func importRows(_ rows: [RawRow]) throws(PersistencyError) { try store.importRows(rows) }

  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    if let failure = pace.pass(1, sync: false) { throw failure }
    return try store.deleteOne(category: category, key: key)
  }

  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try store.getOne(category: category, key: key)
  }

  func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try store.existsOne(category: category, key: key)
  }

  func scanRange(
    category: String, range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    try store.scanRange(category: category, range: range, reverse: reverse, limit: limit)
  }

  func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int {
    try store.countRange(category: category, range: range)
  }

  func visitRange(
    category: String, range: KeyRange, reverse: Bool, _ visit: RowVisitor
  ) throws(PersistencyError) {
    try store.visitRange(category: category, range: range, reverse: reverse, visit)
  }

  func visitAll(_ visit: StoreVisitor) throws(PersistencyError) { try store.visitAll(visit) }

  func categories() throws(PersistencyError) -> [String] { try store.categories() }
}
