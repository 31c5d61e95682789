import PersistencyCore
import Synchronization

/// A backend whose calls are those of a ``BackendCalls``.
///
/// After two million calls every further one throws: what loops until a call says so comes to an end even if a
/// broken call never does.
final class TamperedBackend: KvBackend {
  private let calls: BackendCalls
  private let spent = Atomic<Int>(0)

  init(_ calls: BackendCalls) { self.calls = calls }

  private func spend() throws(PersistencyError) {
    if spent.add(1, ordering: .relaxed).oldValue > 2_000_000 {
      throw PersistencyError(.backend, "two million calls; is somebody waiting for an answer that never comes?")
    }
  }

  var limits: BackendLimits { calls.limits }

  func close() { calls.close() }

  // MARK: Writes

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    try spend()
    try calls.applyOps(ops)
  }

  func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    if sync && calls.isVolatile {
      let refusal = PersistencyError(.invalidArgument, "a volatile store cannot be synced")
      return batches.map { _ in .failure(refusal) }
    }
    if let applyGroup = calls.applyGroup { return applyGroup(batches) }
    return batches.map { batch in
      Result { () throws(PersistencyError) in try calls.applyOps(batch) }
    }
  }

  func importRows(_ rows: [RawRow]) throws(PersistencyError) {
    try spend()
    if let importRows = calls.importRows { return try importRows(rows) }
    var ops: [TxOp] = []
    for row in rows {
      guard let category = String(validating: row.category, as: UTF8.self) else { return try calls.importRaw(rows) }
      ops.append(.put(category: category, key: row.key, payload: row.payload))
    }
    try calls.applyOps(ops)
  }

  func importAll(_ next: () throws(PersistencyError) -> [RawRow]?) throws(PersistencyError) {
    if let importAll = calls.importAll { return try importAll(next) }
    try importRows([])
    while let rows = try next() { try importRows(rows) }
  }

  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try spend()
    return try calls.deleteOne(category, key)
  }

  // MARK: Reads

  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try spend()
    return try calls.getOne(category, key)
  }

  func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try spend()
    if let existsOne = calls.existsOne { return try existsOne(category, key) }
    return try calls.getOne(category, key) != nil
  }

  func scanRange(
    category: String, range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    try spend()
    if let scanRange = calls.scanRange { return try scanRange(category, range, reverse, limit) }
    try limits.check(category: category, range: range, limit: limit)
    var rows: [KvRow] = []
    // Visited even for no rows, so that a closed store says so.
    try calls.visitRange(category, range, reverse) { key, payload throws(PersistencyError) in
      if rows.count == limit { return .stop }
      rows.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)))
      return rows.count == limit ? .stop : .next
    }
    return rows
  }

  func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int {
    try spend()
    if let countRange = calls.countRange { return try countRange(category, range) }
    var count = 0
    try calls.visitRange(category, range, false) { _, _ throws(PersistencyError) in
      count += 1
      return .next
    }
    return count
  }

  func visitRange(
    category: String, range: KeyRange, reverse: Bool, _ visit: RowVisitor
  ) throws(PersistencyError) {
    try spend()
    try calls.visitRange(category, range, reverse, visit)
  }

  func visitAll(_ visit: StoreVisitor) throws(PersistencyError) { try calls.visitAll(visit) }

  func categories() throws(PersistencyError) -> [String] { try calls.categories() }
}
