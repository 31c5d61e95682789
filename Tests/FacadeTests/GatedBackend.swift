import Foundation
import PersistencyCore
import PersistencyMemory

/// A memory store whose commits wait, fail or are counted, as a test says: a slow or broken disk.
final class GatedBackend: KvBackend {
  private let store: MemoryBackend
  private let state = Locked(State())

  struct State {
    var delay: TimeInterval = 0
    var isHeld = false
    var areReadsHeld = false
    var readsBegun = 0
    var failure: PersistencyError?
    var syncFailure: PersistencyError?
    var groups: [Int] = []
    var synced = 0
    var entered = 0
    var keysAtClose: [Key]?
  }

  init() throws { store = try MemoryBackend() }

  /// Commits wait until it is let go.
  func hold() { state.withLock { $0.isHeld = true } }
  func letGo() { state.withLock { $0.isHeld = false } }
  func slow(by delay: TimeInterval) { state.withLock { $0.delay = delay } }
  /// Every commit from here fails so; nil lets them succeed again.
  func fail(_ error: PersistencyError?) { state.withLock { $0.failure = error } }
  /// Every synced commit from here fails so.
  func failSyncs(_ error: PersistencyError?) { state.withLock { $0.syncFailure = error } }
  /// How many batches each commit had.
  var groups: [Int] { state.withLock { $0.groups } }
  var syncedGroups: Int { state.withLock { $0.synced } }
  /// The keys of category `c` when it was closed; nil before.
  var keysAtClose: [Key]? { state.withLock { $0.keysAtClose } }

  /// Reads wait until they are let go.
  func holdReads() { state.withLock { $0.areReadsHeld = true } }
  func letReadsGo() { state.withLock { $0.areReadsHeld = false } }
  var readsBegun: Int { state.withLock { $0.readsBegun } }
  var commitsBegun: Int { state.withLock { $0.entered } }

  /// Waits until so many commits have begun since the store was made.
  func commitsBegun(_ count: Int) async throws {
    while state.withLock({ $0.entered }) < count { try await Task.sleep(for: .milliseconds(1)) }
  }

  private func pass(_ batches: Int, sync: Bool) -> PersistencyError? {
    state.withLock { $0.entered += 1 }
    while state.withLock({ $0.isHeld }) { Thread.sleep(forTimeInterval: 0.001) }
    let delay = state.withLock { $0.delay }
    if delay > 0 { Thread.sleep(forTimeInterval: delay) }
    return state.withLock { state in
      state.groups.append(batches)
      if sync { state.synced += 1 }
      return state.failure ?? (sync ? state.syncFailure : nil)
    }
  }

  private func passToRead() {
    state.withLock { $0.readsBegun += 1 }
    while state.withLock({ $0.areReadsHeld }) { Thread.sleep(forTimeInterval: 0.001) }
  }

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    if let failure = pass(1, sync: false) { throw failure }
    try store.applyOps(ops)
  }

  func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    if let failure = pass(batches.count, sync: sync) { return batches.map { _ in .failure(failure) } }
    return store.applyGroup(batches, sync: sync)
  }

  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    if let failure = pass(1, sync: false) { throw failure }
    return try store.deleteOne(category: category, key: key)
  }

  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    passToRead()
    return try store.getOne(category: category, key: key)
  }

  func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (RawSpan, RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    passToRead()
    try store.visitRange(category: category, range: range, reverse: reverse, visit)
  }

  func visitAll(
    _ visit: (RawSpan, RawSpan, RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try store.visitAll(visit)
  }

  func categories() throws(PersistencyError) -> [String] { try store.categories() }

  func close() {
    let keys = (try? store.scanRange(category: "c", range: .all))?.map(\.key)
    state.withLock { $0.keysAtClose = $0.keysAtClose ?? keys }
    store.close()
  }

  /// An engine whose every store is this one.
  var engine: Engine { engine(named: "gated") }

  func engine(named name: String) -> Engine {
    Engine(
      name: name, fileSuffix: "", capabilities: Capabilities(persistent: false)
    ) { _, _ throws(PersistencyError) in self }
  }
}
