extension RocksBackend {
  /// Lends the rows of a range, with the gate entered.
  ///
  /// Here, not in the call that enters the gate, so that the iterator is gone before that call leaves.
  func walk(
    _ category: String, _ range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    handle.turnstile.enter(.visit)
    defer { handle.turnstile.leave(.visit) }
    let cursor = try cursor(category, range)
    defer { cursor.close() }
    let prefixCount = 1 + category.utf8.count
    cursor.begin(reverse: reverse)
    while cursor.isValid {
      let key = UnsafeRawBufferPointer(rebasing: cursor.key[prefixCount...])
      let payload = cursor.payload
      if try visit(key.bytes, payload.bytes) == .stop { return }
      cursor.advance(reverse: reverse)
      if cursor.isValid { try gate.checkOpen() }
    }
    try cursor.finish("reading a range")
  }

  /// The rows of a range, in bytes of their own.
  func rows(
    _ category: String, _ range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    handle.turnstile.enter(.visit)
    defer { handle.turnstile.leave(.visit) }
    let cursor = try cursor(category, range)
    defer { cursor.close() }
    let prefixCount = 1 + category.utf8.count
    var rows: [KvRow] = []
    rows.reserveCapacity(min(limit ?? 0, 1_000))
    cursor.begin(reverse: reverse)
    while cursor.isValid {
      let key = UnsafeRawBufferPointer(rebasing: cursor.key[prefixCount...])
      rows.append(KvRow(key: Key(rawBytes: key), payload: [UInt8](cursor.payload)))
      if rows.count == limit { return rows }
      cursor.advance(reverse: reverse)
    }
    try cursor.finish("reading a range")
    return rows
  }

  /// How many rows a range has.
  func count(_ category: String, _ range: KeyRange) throws(PersistencyError) -> Int {
    handle.turnstile.enter(.visit)
    defer { handle.turnstile.leave(.visit) }
    let cursor = try cursor(category, range)
    defer { cursor.close() }
    var count = 0
    cursor.begin(reverse: false)
    while cursor.isValid {
      count += 1
      cursor.advance(reverse: false)
    }
    try cursor.finish("counting a range")
    return count
  }

  private func cursor(_ category: String, _ range: KeyRange) throws(PersistencyError) -> RocksCursor {
    let (lower, upper) = RocksLayout.bounds(category, range)
    let db = try handle.database()
    if range == .all, try handle.outgrowsCache {
      return RocksCursor.overflowing(db, lower: lower, upper: upper)
    }
    return RocksCursor(db, lower: lower, upper: upper)
  }
}
