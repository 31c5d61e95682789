import CPersistencySQLite
import PersistencyCore

// Arguments of point calls are lent to SQLite for the length of one step; those of ranges it copies, once a call.
// A zero-length blob must not be bound through a null pointer, which would make it NULL.

extension SQLiteConnection {
  // MARK: Points

  /// An owned copy of the payload, or nil.
  func get(_ category: String, _ key: Key) throws(PersistencyError) -> [UInt8]? {
    let statement = try prepared(.get)
    var payload: [UInt8]?
    let code = step(statement, category, key) { payload = [UInt8](column(0, of: statement)) }
    return try finish(statement, code, .get, payload)
  }

  /// Hands the payload, if there is one, to `body`, where it lies.
  func holds(_ category: String, _ key: Key, _ expected: [UInt8]?) throws(PersistencyError) -> Bool {
    let statement = try prepared(.get)
    var found: Bool?
    let code = step(statement, category, key) {
      found = expected.map { same($0, column(0, of: statement)) } ?? false
    }
    // No row is what an expectation of none wants.
    return try finish(statement, code, .get, found ?? (expected == nil))
  }

  func exists(_ category: String, _ key: Key) throws(PersistencyError) -> Bool {
    let statement = try prepared(.exists)
    var found = false
    let code = step(statement, category, key) { found = true }
    return try finish(statement, code, .exists, found)
  }

  func put(_ category: String, _ key: Key, _ payload: [UInt8]) throws(PersistencyError) {
    let statement = try prepared(.put)
    var category = category
    let code = category.withUTF8 { put(statement, UnsafeRawBufferPointer($0), key, payload) }
    try finish(statement, code, .put, ())
  }

  func put(_ row: RawRow) throws(PersistencyError) {
    let statement = try prepared(.put)
    let code = row.category.withUnsafeBytes { put(statement, $0, row.key, row.payload) }
    try finish(statement, code, .put, ())
  }

  private func put(
    _ statement: OpaquePointer, _ category: UnsafeRawBufferPointer, _ key: Key, _ payload: [UInt8]
  ) -> Int32 {
    payload.withUnsafeBytes { payload in
      let bound = lend(payload, 3, to: statement)
      return bound == SQLITE_OK ? step(statement, category, key) {} : bound
    }
  }

  func delete(_ category: String, _ key: Key) throws(PersistencyError) {
    let statement = try prepared(.delete)
    let code = step(statement, category, key) {}
    try finish(statement, code, .delete, ())
  }

  // MARK: Ranges

  func delete(_ category: String, _ range: KeyRange) throws(PersistencyError) {
    let query: Query = range.stop == nil ? .deleteFrom : .deleteBetween
    let statement = try bound(query, category, range)
    try finish(statement, sqlite3_step(statement), query, ())
  }

  func count(_ category: String, _ range: KeyRange) throws(PersistencyError) -> Int {
    let query: Query = range.stop == nil ? .countFrom : .countBetween
    let statement = try bound(query, category, range)
    let code = sqlite3_step(statement)
    let count = code == SQLITE_ROW ? Int(sqlite3_column_int64(statement, 0)) : 0
    return try finish(statement, code, query, count)
  }

  /// Lends each row of the range; the statement holds one state until it is reset.
  func visit(
    _ category: String, _ range: KeyRange, reverse: Bool,
    _ row: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    let query = Query.rows(bounded: range.stop != nil, reverse: reverse)
    let statement = try bound(query, category, range)
    defer { sqlite3_reset(statement) }
    while true {
      let code = sqlite3_step(statement)
      guard code == SQLITE_ROW else {
        if code == SQLITE_DONE { return }
        throw failure(query.action)
      }
      let key = column(0, of: statement)
      let payload = column(1, of: statement)
      if try row(RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload)) == .stop { return }
    }
  }

  /// Lends each row of the file.
  func visitAll(
    _ row: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    let statement = try prepared(.everything)
    defer { sqlite3_reset(statement) }
    while true {
      let code = sqlite3_step(statement)
      guard code == SQLITE_ROW else {
        if code == SQLITE_DONE { return }
        throw failure(Query.everything.action)
      }
      let category = column(0, of: statement)
      let key = column(1, of: statement)
      let payload = column(2, of: statement)
      let wanted = try row(
        RawSpan(_unsafeBytes: category), RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload))
      if wanted == .stop { return }
    }
  }

  /// The bytes of each category, in order.
  func categories() throws(PersistencyError) -> [[UInt8]] {
    let statement = try prepared(.categories)
    var found: [[UInt8]] = []
    var code = sqlite3_step(statement)
    while code == SQLITE_ROW {
      found.append([UInt8](column(0, of: statement)))
      code = sqlite3_step(statement)
    }
    return try finish(statement, code, .categories, found)
  }

  // MARK: Binding and stepping

  /// Binds category and key, steps once, and runs `row` if that gave one; the caller resets.
  private func step(_ statement: OpaquePointer, _ category: String, _ key: Key, _ row: () -> Void) -> Int32 {
    var category = category
    return category.withUTF8 { step(statement, UnsafeRawBufferPointer($0), key, row) }
  }

  private func step(
    _ statement: OpaquePointer, _ category: UnsafeRawBufferPointer, _ key: Key, _ row: () -> Void
  ) -> Int32 {
    key.withUnsafeBytes { key in
      var code = lend(category, 1, to: statement)
      guard code == SQLITE_OK else { return code }
      code = lend(key, 2, to: statement)
      guard code == SQLITE_OK else { return code }
      code = sqlite3_step(statement)
      if code == SQLITE_ROW { row() }
      return code
    }
  }

  /// Resets the statement at once, so that it pins nothing, and gives `result` unless the step failed.
  @discardableResult
  private func finish<R>(
    _ statement: OpaquePointer, _ code: Int32, _ query: Query, _ result: R
  ) throws(PersistencyError) -> R {
    guard code == SQLITE_ROW || code == SQLITE_DONE else {
      let error = failure(query.action)
      sqlite3_reset(statement)
      throw error
    }
    sqlite3_reset(statement)
    return result
  }

  /// Valid until the binding is replaced, or `bytes` ends; every use binds anew.
  private func lend(_ bytes: UnsafeRawBufferPointer, _ index: Int32, to statement: OpaquePointer) -> Int32 {
    guard bytes.count > 0 else { return sqlite3_bind_zeroblob(statement, index, 0) }
    return sqlite3_bind_blob64(statement, index, bytes.baseAddress, UInt64(bytes.count), nil)
  }

  private func copy(_ bytes: UnsafeRawBufferPointer, _ index: Int32, to statement: OpaquePointer) -> Int32 {
    guard bytes.count > 0 else { return sqlite3_bind_zeroblob(statement, index, 0) }
    return persistency_sqlite_bind_copy(statement, index, bytes.baseAddress, UInt64(bytes.count))
  }

  /// A range's statement with copies of its bounds.
  private func bound(
    _ query: Query, _ category: String, _ range: KeyRange
  ) throws(PersistencyError) -> OpaquePointer {
    let statement = try prepared(query)
    var category = category
    var code = category.withUTF8 { copy(UnsafeRawBufferPointer($0), 1, to: statement) }
    if code == SQLITE_OK { code = range.start.withUnsafeBytes { copy($0, 2, to: statement) } }
    if code == SQLITE_OK, let stop = range.stop {
      code = stop.withUnsafeBytes { copy($0, 3, to: statement) }
    }
    guard code == SQLITE_OK else { throw failure(query.action) }
    return statement
  }

  /// SQLite's own bytes, valid until the next step.
  private func column(_ index: Int32, of statement: OpaquePointer) -> UnsafeRawBufferPointer {
    let start = sqlite3_column_blob(statement, index)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index)))
  }

  private func same(_ left: [UInt8], _ right: UnsafeRawBufferPointer) -> Bool {
    left.count == right.count && left.withUnsafeBytes { $0.elementsEqual(right) }
  }
}
