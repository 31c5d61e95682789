import PersistencyCore

/// Writes each step of a batch by itself.
final class TearingBackend: KvBackend {
  private let store: any KvBackend

  init(_ store: any KvBackend) { self.store = store }

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    for op in ops { try store.applyOps([op]) }
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

  func visitAll(_ visit: (RawSpan, RawSpan, RawSpan) throws(PersistencyError) -> Visit) throws(PersistencyError) {
    try store.visitAll(visit)
  }

  func categories() throws(PersistencyError) -> [String] { try store.categories() }
  func close() { store.close() }
}
