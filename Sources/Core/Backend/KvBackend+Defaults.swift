// Default implementations, with the requirements' own signatures and no default arguments: a short call can never
// bypass an adapter's own.

extension KvBackend {
  public var limits: BackendLimits { .embedded }

  /// One ``applyOps(_:)`` a batch; enough for an engine that has one durability.
  public func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    batches.map { batch in
      Result { () throws(PersistencyError) in try applyOps(batch) }
    }
  }

  public func importRows(_ rows: [RawRow]) throws(PersistencyError) {
    var ops: [TxOp] = []
    for row in rows {
      guard let category = String(validating: row.category, as: UTF8.self) else {
        throw PersistencyError(
          .unsupported,
          "\(Self.self) does not take the category hex:\(row.category.hexadecimal), which is not UTF-8")
      }
      ops.append(.put(category: category, key: row.key, payload: row.payload))
    }
    try applyOps(ops)
  }

  public func importAll(_ next: () throws(PersistencyError) -> [RawRow]?) throws(PersistencyError) {
    let most = max(1, limits.batchOps)
    var isEmpty = true
    while let rows = try next() {
      isEmpty = false
      if rows.count <= most {
        try importRows(rows)
        continue
      }
      var rest = rows[...]
      while !rest.isEmpty {
        try importRows(Array(rest.prefix(most)))
        rest = rest.dropFirst(most)
      }
    }
    // Without rows, too, a closed store says that it is.
    if isEmpty { try importRows([]) }
  }

  public func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try getOne(category: category, key: key) != nil
  }

  public func scanRange(
    category: String, range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    try limits.check(category: category, range: range, limit: limit)
    var rows: [KvRow] = []
    // A limit of nought begins the visit too: a closed store must say so.
    try visitRange(category: category, range: range, reverse: reverse) { key, payload throws(PersistencyError) in
      if limit == 0 { return .stop }
      rows.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)))
      return rows.count == limit ? .stop : .next
    }
    return rows
  }

  public func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int {
    var count = 0
    try visitRange(category: category, range: range, reverse: false) { _, _ throws(PersistencyError) in
      count += 1
      return .next
    }
    return count
  }
}
