/// Makes a store equal to rows that come in order, and writes only what differs.
///
/// How a copy that was cut short goes on. Its cursor reads the store in pages, each ended before anything is written, so
/// that no read is open while the engine may have to grow.
struct SideBySide {
  private static let batchBytes = 512 << 10
  private static let batchRows = 1_000

  private let target: any KvBackend
  private var cursor: StoreCursor
  private var puts: [RawRow] = []
  private var putBytes = 0
  private var deletes: [TxOp] = []
  private var name: [UInt8] = []

  /// - Throws: `.corrupted` when the store has a category that is not UTF-8: its rows cannot be deleted by name.
  init(_ target: any KvBackend) throws(PersistencyError) {
    self.target = target
    cursor = try StoreCursor(target)
  }

  mutating func add(_ chunk: RowChunk) throws(PersistencyError) {
    try chunk.eachRow { category, key, payload throws(PersistencyError) in
      try add(category, key, payload)
    }
  }

  /// Removes what comes after the last row, and writes what waits.
  mutating func finish() throws(PersistencyError) {
    while let extra = try cursor.current() { try delete(extra) }
    try write()
  }

  private mutating func add(
    _ category: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer
  ) throws(PersistencyError) {
    while let found = try cursor.current() {
      var order = found.order(toCategory: category)
      if order == 0 { order = found.row.order(toKey: key) }
      if order > 0 { break }
      if order < 0 {
        try delete(found)
        continue
      }
      cursor.advance()
      if found.row.payload.holds(payload) { return }
      break
    }
    if !name.holds(category) { name = Array(category) }
    puts.append(RawRow(category: name, key: Key(rawBytes: key), payload: Array(payload)))
    putBytes += category.count + key.count + payload.count
    if putBytes >= Self.batchBytes || puts.count >= Self.batchRows { try write() }
  }

  private mutating func delete(_ extra: StoreCursor.Found) throws(PersistencyError) {
    deletes.append(.delete(category: extra.category, key: extra.row.key))
    cursor.advance()
    if deletes.count >= Self.batchRows { try write() }
  }

  private mutating func write() throws(PersistencyError) {
    if !deletes.isEmpty { try target.applyOps(deletes) }
    if !puts.isEmpty { try target.importRows(puts) }
    (deletes, puts, putBytes) = ([], [], 0)
  }
}

/// Walks a store that only the walker writes, in order, a page at a time.
struct StoreCursor {
  struct Found {
    let category: String
    let row: KvRow

    func order(toCategory bytes: UnsafeRawBufferPointer) -> Int {
      var category = category
      return category.withUTF8 { UnsafeRawBufferPointer($0).order(to: bytes) }
    }
  }

  private static let pageBytes = 256 << 10
  private static let pageRows = 1_000

  private let backend: any KvBackend
  private let categories: [String]
  private var category = 0
  private var page: [KvRow] = []
  private var next = 0
  /// What of the category is after the page; nil when nothing is.
  private var rest: KeyRange? = .all

  init(_ backend: any KvBackend) throws(PersistencyError) {
    self.backend = backend
    categories = try backend.categories()
  }

  /// The row it stands on; nil after the last.
  mutating func current() throws(PersistencyError) -> Found? {
    while category < categories.count {
      if next < page.count { return Found(category: categories[category], row: page[next]) }
      if let range = rest {
        try turnPage(range)
      } else {
        category += 1
        rest = .all
      }
    }
    return nil
  }

  mutating func advance() { next += 1 }

  private mutating func turnPage(_ range: KeyRange) throws(PersistencyError) {
    var rows: [KvRow] = []
    var bytes = 0
    var isWhole = true
    try backend.visitRange(category: categories[category], range: range, reverse: false) {
      key, payload throws(PersistencyError) in
      if rows.count >= Self.pageRows || bytes >= Self.pageBytes {
        isWhole = false
        return .stop
      }
      rows.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)))
      bytes += key.byteCount + payload.byteCount
      return .next
    }
    (page, next) = (rows, 0)
    rest = isWhole ? nil : rows.last.map { range.after($0.key, longest: backend.limits.keyBytes) }
  }
}

extension KvRow {
  fileprivate func order(toKey bytes: UnsafeRawBufferPointer) -> Int {
    key.withUnsafeBytes { $0.order(to: bytes) }
  }
}
