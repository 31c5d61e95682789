/// How rows lie in memory: a tree of categories, as keys of their UTF-8 bytes, each with a tree of payloads by key.
///
/// A copy is a snapshot, and costs one retain. A category without rows is not there.
struct Categories: Sendable {
  typealias Rows = BPlusTree<[UInt8]>

  typealias Names = BPlusTree<Rows>

  private(set) var trees = Names()

  /// The rows of a category, or nil.
  func rows(_ category: String) -> Rows? {
    let found = category.utf8.withContiguousStorageIfAvailable { bytes in
      unsafe trees.value(of: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes)))
    }
    return found ?? trees.value(of: Key(rawBytes: category.utf8))
  }

  /// The payload of a key, or nil.
  func payload(_ category: String, _ key: Key) -> [UInt8]? {
    rows(category)?.value(of: key)
  }

  /// Applies the ops in order.
  ///
  /// - Throws: `.conflict` for an `expect` that does not hold; those before it are applied then.
  mutating func apply(_ ops: [TxOp]) throws(PersistencyError) {
    // In the span, so that no op is copied out of its batch.
    let ops = ops.span
    for index in ops.indices {
      switch ops[index] {
      case .put(let category, let key, let payload):
        put(Key(rawBytes: category.utf8), key, payload)
      case .delete(let category, let key):
        _ = remove(category, key)
      case .deleteRange(let category, let range):
        change(category) { $0.remove(range) }
      case .expect(let category, let key, let payload):
        guard self.payload(category, key) == payload else {
          throw .conflict(key: key, category: category, expected: payload)
        }
      }
    }
  }

  /// Stores a row, whatever the bytes of its category.
  mutating func put(_ category: Key, _ key: Key, _ payload: [UInt8]) {
    trees.update(category, default: Rows()) { $0.insert(key.trimmed, payload.trimmed) }
  }

  /// Removes a row and says whether it was there.
  mutating func remove(_ category: String, _ key: Key) -> Bool {
    change(category) { $0.remove(key) } ?? false
  }

  /// Changes a category's rows in place; nil when it has none.
  @discardableResult
  private mutating func change<R>(_ category: String, _ body: (inout Rows) -> R) -> R? {
    let name = Key(rawBytes: category.utf8)
    guard trees.value(of: name) != nil else { return nil }
    let (result, isEmpty) = trees.update(name, default: Rows()) { rows in
      let result = body(&rows)
      return (result, rows.isEmpty)
    }
    if isEmpty { _ = trees.remove(name) }
    return result
  }
}
