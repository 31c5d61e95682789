import PersistencyConformance
import PersistencyCore
import Synchronization
import Testing

/// Has a `scanRange` of its own, and counts how often it is asked.
private final class CountingBackend: KvBackend {
  private let store = ReferenceBackend()
  let scans = Atomic<Int>(0)

  func scanRange(
    category: String, range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    scans.add(1, ordering: .relaxed)
    return try store.scanRange(category: category, range: range, reverse: reverse, limit: limit)
  }

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) { try store.applyOps(ops) }

  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try store.getOne(category: category, key: key)
  }

  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try store.deleteOne(category: category, key: key)
  }

  func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try store.visitRange(category: category, range: range, reverse: reverse, visit)
  }

  func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try store.visitAll(visit)
  }

  func categories() throws(PersistencyError) -> [String] { try store.categories() }

  func close() { store.close() }
}

@Suite("A short call")
struct ShortCallTests {
  @Test("reaches the adapter's own scanRange, known by its type or not")
  func reaches() throws {
    let store = CountingBackend()
    let anyStore: any KvBackend = store
    try store.applyOps([.put(category: "c", key: Key("k"), payload: [1])])
    let rows = [
      try store.scanRange(category: "c", range: .all),
      try store.scanRange(category: "c", range: .all, reverse: true),
      try store.scanRange(category: "c", range: .all, limit: 1),
      try store.scanPrefix(category: "c", prefix: Key()),
      try anyStore.scanRange(category: "c", range: .all),
      try anyStore.scanRange(category: "c", range: .all, reverse: true),
      try anyStore.scanRange(category: "c", range: .all, limit: 1),
      try anyStore.scanPrefix(category: "c", prefix: Key()),
    ]
    #expect(rows.allSatisfy { $0 == [KvRow(key: Key("k"), payload: [1])] })
    #expect(store.scans.load(ordering: .relaxed) == rows.count)
  }
}
