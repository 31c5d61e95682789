import PersistencyCore

/// All rows of a reference store: a value, so that a copy is a snapshot.
struct ReferenceState: Sendable {
  // By the category's UTF-8: composed and decomposed é are two. None is empty.
  private(set) var rows: [[UInt8]: SortedRows] = [:]

  /// The rows of a category; none when it was never written.
  func category(_ name: String) -> SortedRows { rows[Array(name.utf8)] ?? SortedRows() }

  /// The names of all categories, by their bytes.
  var categoryBytes: [[UInt8]] { rows.keys.sorted { Key(rawBytes: $0) < Key(rawBytes: $1) } }

  /// Stores the payload, or removes the row for nil.
  ///
  /// - Returns: The payload that was there.
  @discardableResult
  mutating func set(_ category: [UInt8], _ key: Key, to payload: [UInt8]?) -> [UInt8]? {
    let found = rows[category, default: SortedRows()].set(key, to: payload)
    if rows[category]?.isEmpty == true { rows[category] = nil }
    return found
  }

  /// Applies `ops` in order: all, or none.
  mutating func apply(_ ops: [TxOp]) throws(PersistencyError) {
    var undo: [(category: [UInt8], key: Key, payload: [UInt8]?)] = []
    for op in ops {
      let category = Array(op.category.utf8)
      switch op {
      case .put(_, let key, let payload):
        undo.append((category, key, set(category, key, to: payload)))
      case .delete(_, let key):
        undo.append((category, key, set(category, key, to: nil)))
      case .deleteRange(_, let range):
        for row in self.category(op.category).rows(range) {
          undo.append((category, row.key, set(category, row.key, to: nil)))
        }
      case .expect(_, let key, let payload):
        if self.category(op.category).payload(of: key) == payload { continue }
        for step in undo.reversed() { set(step.category, step.key, to: step.payload) }
        throw PersistencyError(.conflict, "\(key) in category \(op.category) is not what the batch expects")
      }
    }
  }
}
