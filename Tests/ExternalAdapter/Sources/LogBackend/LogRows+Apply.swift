import PersistencyCore

extension LogRows {
  /// Applies a batch: all of it, or none.
  ///
  /// - Returns: What it changed, in order.
  mutating func apply(_ ops: [TxOp]) throws(PersistencyError) -> [LogChange] {
    var rows = self
    var changes: [LogChange] = []
    for op in ops {
      let category = Array(op.category.utf8)
      switch op {
      case .put(_, let key, let payload):
        changes.append(LogChange(category: category, key: key, payload: payload))
      case .delete(_, let key):
        guard rows.payload(category, key) != nil else { continue }
        changes.append(LogChange(category: category, key: key, payload: nil))
      case .deleteRange(_, let range):
        var (place, end) = rows.places(category, range)
        var doomed: [LogChange] = []
        while place < end {
          doomed.append(LogChange(category: category, key: rows[place].key, payload: nil))
          place = rows.after(place)
        }
        for change in doomed { rows.set(change.category, change.key, nil) }
        changes += doomed
        continue
      case .expect(_, let key, let payload):
        if rows.payload(category, key) == payload { continue }
        throw PersistencyError(.conflict, "\(key) in category \(op.category) is not what the batch expects")
      }
      if let change = changes.last { rows.set(change.category, change.key, change.payload) }
    }
    self = rows
    return changes
  }
}
