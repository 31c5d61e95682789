extension RocksBackend {
  /// One iterator for each length of category, over one snapshot, merged by category bytes.
  public func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    try walkEverything(visit)
  }

  /// Seeks from each category past its last possible key.
  public func categories() throws(PersistencyError) -> [String] {
    try gate.enter()
    defer { gate.leave() }
    var categories: [[UInt8]] = try categoryBytes()
    categories.sort { $0.precedes($1) }
    var names: [String] = []
    for category in categories {
      guard let name = String(validating: category, as: UTF8.self) else {
        let digits = category.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        throw PersistencyError(.corrupted, "the category of bytes \(digits) (hexadecimal) is not UTF-8")
      }
      names.append(name)
    }
    return names
  }

  private func categoryBytes() throws(PersistencyError) -> [[UInt8]] {
    handle.turnstile.enter(.visit)
    defer { handle.turnstile.leave(.visit) }
    let cursor = RocksCursor(try handle.database())
    defer { cursor.close() }
    var categories: [[UInt8]] = []
    cursor.begin(reverse: false)
    while cursor.isValid {
      let category = [UInt8](try Self.split(cursor.key).category)
      categories.append(category)
      guard let next = RocksLayout.successor([UInt8(truncatingIfNeeded: category.count)] + category) else { break }
      cursor.seek(next)
    }
    try cursor.finish("listing categories")
    return categories
  }

  private func walkEverything(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    handle.turnstile.enter(.visit)
    defer { handle.turnstile.leave(.visit) }
    let db = try handle.database()
    let snapshot = RocksSnapshot(db)
    defer { snapshot.close() }
    var cursors: [RocksCursor] = []
    defer { cursors.forEach { $0.close() } }
    try openCursors(&cursors, db, snapshot)

    // Two cursors never stand at the same category: those of one length have one.
    while let next = try Self.least(cursors) {
      let cursor = cursors[next]
      let category = [UInt8](try Self.split(cursor.key).category)
      let isDone = try walk(category, cursor, visit)
      if isDone { return }
      if !cursor.isValid {
        try cursor.finish("reading everything")
        cursor.close()
        cursors.remove(at: next)
      }
    }
  }

  /// Lends the rows of the category where the cursor stands, and leaves it at the first past them.
  ///
  /// - Returns: Whether the visitor has seen enough.
  private func walk(
    _ category: [UInt8], _ cursor: RocksCursor,
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) -> Bool {
    let lent = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, category.count), alignment: 1)
    defer { lent.deallocate() }
    lent.copyBytes(from: category)
    let name = UnsafeRawBufferPointer(rebasing: lent[..<category.count])
    repeat {
      let (found, key) = try Self.split(cursor.key)
      if !found.equals(name) { return false }
      let payload = cursor.payload
      if try visit(name.bytes, key.bytes, payload.bytes) == .stop { return true }
      cursor.advance(reverse: false)
      if cursor.isValid { try gate.checkOpen() }
    } while cursor.isValid
    return false
  }

  /// One cursor for each length that a category has, at its first row.
  private func openCursors(
    _ cursors: inout [RocksCursor], _ db: OpaquePointer, _ snapshot: RocksSnapshot
  ) throws(PersistencyError) {
    let cached = try !handle.outgrowsCache
    let scout = RocksCursor(db, snapshot: snapshot.snapshot)
    defer { scout.close() }
    scout.begin(reverse: false)
    while let length = scout.isValid ? scout.key.first : nil {
      let next: [UInt8] = length < 255 ? [length + 1] : []
      let cursor = RocksCursor(
        db, lower: [length], upper: next, snapshot: snapshot.snapshot, cached: cached)
      cursors.append(cursor)
      cursor.begin(reverse: false)
      if !cursor.isValid { try cursor.finish("reading everything") }
      if next.isEmpty { break }
      scout.seek(next)
    }
    if !scout.isValid { try scout.finish("reading everything") }
  }

  /// The cursor whose category comes first.
  private static func least(_ cursors: [RocksCursor]) throws(PersistencyError) -> Int? {
    var least: (index: Int, category: UnsafeRawBufferPointer)?
    for (index, cursor) in cursors.enumerated() {
      let category = try split(cursor.key).category
      if let found = least, !category.precedes(found.category) { continue }
      least = (index, category)
    }
    return least?.index
  }

  private static func split(
    _ stored: UnsafeRawBufferPointer
  ) throws(PersistencyError) -> (category: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) {
    if let parts = RocksLayout.split(stored) { return parts }
    throw PersistencyError(.corrupted, "a stored key of \(stored.count) bytes is shorter than its category")
  }
}
