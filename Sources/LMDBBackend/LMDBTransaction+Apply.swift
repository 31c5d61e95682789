extension LMDBTransaction {
  /// Applies a batch in order.
  ///
  /// - Parameter wrote: Set once the transaction may differ from what it was before: from then on a failing batch
  ///   has to be undone with all of it.
  func apply(_ ops: [TxOp], wrote: inout Bool) throws(PersistencyError) {
    // In the span, so that no op is copied out of its batch.
    let ops = ops.span
    for index in ops.indices {
      switch ops[index] {
      case .put(let category, let key, let payload):
        wrote = true
        try LMDBLayout.withPath(category, key) { path throws(PersistencyError) in
          try payload.withBytes { payload throws(PersistencyError) in try put(path, payload) }
        }
      case .delete(let category, let key):
        wrote = true
        _ = try LMDBLayout.withPath(category, key) { path throws(PersistencyError) in try delete(path) }
      case .deleteRange(let category, let range):
        wrote = true
        let bounds = LMDBLayout.bounds(category, range)
        try deleteRange(bounds.start, bounds.stop)
      case .expect(let category, let key, let payload):
        try expect(category, key, payload)
      }
    }
  }

  /// Stores a row, whatever the bytes of its category.
  func put(_ row: borrowing RawRow) throws(PersistencyError) {
    try LMDBLayout.withPath(row.category, row.key) { path throws(PersistencyError) in
      try row.payload.withBytes { payload throws(PersistencyError) in try put(path, payload) }
    }
  }

  private func expect(_ category: String, _ key: Key, _ payload: [UInt8]?) throws(PersistencyError) {
    let holds = try LMDBLayout.withPath(category, key) { path throws(PersistencyError) in
      guard let found = try get(path) else { return payload == nil }
      return payload.map { $0.elementsEqual(found) } ?? false
    }
    if !holds {
      let wanted =
        payload.map { "another payload than the \($0.count) bytes expected" } ?? "a row where none was expected"
      throw PersistencyError(.conflict, "category \(category), key \(key): the store has \(wanted)")
    }
  }
}
