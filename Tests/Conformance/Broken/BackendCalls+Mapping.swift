import PersistencyCore

extension BackendCalls {
  /// Passes every batch through `map` on its way in.
  mutating func mapOps(_ map: @escaping @Sendable ([TxOp]) throws(PersistencyError) -> [TxOp]) {
    let applyOps = applyOps
    self.applyOps = { ops throws(PersistencyError) in try applyOps(try map(ops)) }
  }

  /// Passes every row of `getOne` and the visits through `map`; nil leaves it out.
  mutating func mapRows(_ map: @escaping @Sendable (KvRow) -> KvRow?) {
    let (getOne, visitRange, visitAll) = (getOne, visitRange, visitAll)
    self.getOne = { category, key throws(PersistencyError) in
      try getOne(category, key).flatMap { map(KvRow(key: key, payload: $0))?.payload }
    }
    self.visitRange = { category, range, reverse, visit throws(PersistencyError) in
      try visitRange(category, range, reverse) { key, payload throws(PersistencyError) in
        guard let row = map(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload))) else { return .next }
        return try visit(row.key.bytes.span.bytes, row.payload.span.bytes)
      }
    }
    self.visitAll = { visit throws(PersistencyError) in
      try visitAll { category, key, payload throws(PersistencyError) in
        guard let row = map(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload))) else { return .next }
        return try visit(category, row.key.bytes.span.bytes, row.payload.span.bytes)
      }
    }
  }

  /// Stores each key under other bytes, and gives it back as `restore` says.
  mutating func mapKeys(
    _ store: @escaping @Sendable ([UInt8]) -> [UInt8],
    restore: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }
  ) {
    let (getOne, deleteOne, visitRange) = (getOne, deleteOne, visitRange)
    let mapped = { @Sendable (key: Key) in key.invalidReason == nil ? Key(rawBytes: store(key.bytes)) : key }
    let mappedRange = { @Sendable (range: KeyRange) in
      KeyRange(start: mapped(range.start), stop: range.stop.map(mapped))
    }
    mapOps { ops in
      ops.map { op in
        switch op {
        case .put(let category, let key, let payload): .put(category: category, key: mapped(key), payload: payload)
        case .delete(let category, let key): .delete(category: category, key: mapped(key))
        case .deleteRange(let category, let range): .deleteRange(category: category, range: mappedRange(range))
        case .expect(let category, let key, let payload):
          .expect(category: category, key: mapped(key), payload: payload)
        }
      }
    }
    self.getOne = { category, key throws(PersistencyError) in try getOne(category, mapped(key)) }
    self.deleteOne = { category, key throws(PersistencyError) in try deleteOne(category, mapped(key)) }
    self.visitRange = { category, range, reverse, visit throws(PersistencyError) in
      try visitRange(category, mappedRange(range), reverse, visit)
    }
    mapRows { KvRow(key: Key(rawBytes: restore($0.key.bytes)), payload: $0.payload) }
  }

  /// Stores each category under another name.
  mutating func mapCategories(_ map: @escaping @Sendable (String) throws(PersistencyError) -> String) {
    let (getOne, deleteOne, visitRange) = (getOne, deleteOne, visitRange)
    mapOps { ops throws(PersistencyError) in
      var mapped: [TxOp] = []
      for op in ops {
        let category = try map(op.category)
        switch op {
        case .put(_, let key, let payload): mapped.append(.put(category: category, key: key, payload: payload))
        case .delete(_, let key): mapped.append(.delete(category: category, key: key))
        case .deleteRange(_, let range): mapped.append(.deleteRange(category: category, range: range))
        case .expect(_, let key, let payload): mapped.append(.expect(category: category, key: key, payload: payload))
        }
      }
      return mapped
    }
    self.getOne = { category, key throws(PersistencyError) in try getOne(try map(category), key) }
    self.deleteOne = { category, key throws(PersistencyError) in try deleteOne(try map(category), key) }
    self.visitRange = { category, range, reverse, visit throws(PersistencyError) in
      try visitRange(try map(category), range, reverse, visit)
    }
  }

  /// Visits another range than the one asked for.
  mutating func mapRanges(_ map: @escaping @Sendable (KeyRange) -> KeyRange) {
    let visitRange = visitRange
    self.visitRange = { category, range, reverse, visit throws(PersistencyError) in
      try visitRange(category, map(range), reverse, visit)
    }
  }

  /// Gives other rows, in another order, than those of the range.
  mutating func mapScans(
    _ map: @escaping @Sendable (_ rows: [KvRow], _ range: KeyRange, _ reverse: Bool) -> [KvRow]
  ) {
    let (getOne, visitRange) = (getOne, visitRange)
    self.visitRange = { category, range, reverse, visit throws(PersistencyError) in
      var rows: [KvRow] = []
      try visitRange(category, range, reverse) { key, payload throws(PersistencyError) in
        rows.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)))
        return .next
      }
      for row in map(rows, range, reverse) {
        // Throws once the store is closed.
        _ = try getOne("", Key())
        if try visit(row.key.bytes.span.bytes, row.payload.span.bytes) == .stop { return }
      }
    }
  }

  /// Runs `body` before every call.
  mutating func precede(_ body: @escaping @Sendable () throws(PersistencyError) -> Void) {
    precedeReads(body)
    let (applyOps, importRaw, deleteOne) = (applyOps, importRaw, deleteOne)
    self.applyOps = { ops throws(PersistencyError) in
      try body()
      try applyOps(ops)
    }
    self.importRaw = { rows throws(PersistencyError) in
      try body()
      try importRaw(rows)
    }
    self.deleteOne = { category, key throws(PersistencyError) in
      try body()
      return try deleteOne(category, key)
    }
  }

  /// Runs `body` before every read.
  mutating func precedeReads(_ body: @escaping @Sendable () throws(PersistencyError) -> Void) {
    let (getOne, visitRange, visitAll, categories) = (getOne, visitRange, visitAll, categories)
    self.getOne = { category, key throws(PersistencyError) in
      try body()
      return try getOne(category, key)
    }
    self.visitRange = { category, range, reverse, visit throws(PersistencyError) in
      try body()
      try visitRange(category, range, reverse, visit)
    }
    self.visitAll = { visit throws(PersistencyError) in
      try body()
      try visitAll(visit)
    }
    self.categories = { () throws(PersistencyError) in
      try body()
      return try categories()
    }
  }
}
