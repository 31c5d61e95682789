import Dispatch
import PersistencyCore

/// Acknowledges a batch, and then writes it.
final class LazyBackend: KvBackend {
  private let store: any KvBackend
  private let queue = DispatchQueue(label: "lazy")

  init(_ store: any KvBackend) { self.store = store }

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    queue.async { try? self.store.applyOps(ops) }
  }

  private func settle() { queue.sync {} }

  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    settle()
    return try store.getOne(category: category, key: key)
  }

  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    settle()
    return try store.deleteOne(category: category, key: key)
  }

  func visitRange(
    category: String, range: KeyRange, reverse: Bool, _ visit: (RawSpan, RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    settle()
    try store.visitRange(category: category, range: range, reverse: reverse, visit)
  }

  func visitAll(_ visit: (RawSpan, RawSpan, RawSpan) throws(PersistencyError) -> Visit) throws(PersistencyError) {
    settle()
    try store.visitAll(visit)
  }

  func categories() throws(PersistencyError) -> [String] {
    settle()
    return try store.categories()
  }

  func close() {
    settle()
    store.close()
  }
}
