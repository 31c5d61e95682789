public import PersistencyCore

extension RocksBackend {
  /// Rows that come in rising order for a while go into tables of their own, which the database takes over; others are written as
  /// ``importRows(_:)`` does.
  ///
  /// Stored keys rise where keys do and categories come by length, then bytes: in most stores that hold much, since what is in
  /// the way of it are changes of category only.
  public func importAll(_ next: () throws(PersistencyError) -> [RawRow]?) throws(PersistencyError) {
    try checkWritable(sync: false)
    try gate.enter()
    gate.leave()
    var run = RisingRun()
    var table: RocksTable?
    while let rows = try next() {
      try limits.check(rows: rows)
      // Not across `next`, which may wait: nobody who closes waits for it.
      try gate.enter()
      defer { gate.leave() }
      run.add(rows)
      if let full = table, !run.isOn || full.bytes >= RocksTable.usualBytes {
        table = nil
        try take(full)
      }
      if run.isLong {
        if table == nil {
          table = try attempt { () throws(RocksFailure) in try RocksTable(handle.folder.newDraft(), handle.settings) }
        }
        try attempt { () throws(RocksFailure) in try table?.append(rows) }
      } else if !rows.isEmpty {
        try commitRows(rows)
      }
    }
    guard let table else { return }
    try gate.enter()
    defer { gate.leave() }
    try take(table)
  }

  private func take(_ table: RocksTable) throws(PersistencyError) {
    try attempt { () throws(RocksFailure) in try table.finish() }
    let outcome = writer.withLock { writer in
      Result { () throws(PersistencyError) in try writer.ingest(table, into: handle) }
    }
    try outcome.get()
  }

  /// What fails here fails outside the database, which goes on.
  private func attempt<R>(_ body: () throws(RocksFailure) -> R) throws(PersistencyError) -> R {
    do throws(RocksFailure) {
      return try body()
    } catch {
      throw error.error("importing")
    }
  }
}

/// Whether the rows of an import have come in rising order of their stored keys, and for how long.
private struct RisingRun {
  /// So many bytes in a row promise more of them, enough to be worth a table.
  private static let longBytes = 2 << 20

  private var last: RawRow?
  private var bytes = 0
  /// Whether the rows that came last go on from those before.
  private(set) var isOn = false

  var isLong: Bool { isOn && bytes >= Self.longBytes }

  mutating func add(_ rows: [RawRow]) {
    guard let end = rows.last else { return }
    var size = 0
    isOn = true
    let span = rows.span
    for index in span.indices {
      let rises =
        index == 0
        ? last.map { RocksLayout.rises($0, span[0]) } ?? true : RocksLayout.rises(span[index - 1], span[index])
      isOn = isOn && rises
      size += span[index].key.byteCount + span[index].payload.count
    }
    bytes = isOn ? bytes + size : 0
    last = end
  }
}

extension RocksLayout {
  /// Whether the stored key of the second row comes after that of the first.
  fileprivate static func rises(_ first: borrowing RawRow, _ second: borrowing RawRow) -> Bool {
    let (left, right) = (first.category.count, second.category.count)
    if left != right { return left < right }
    return first.category.withUnsafeBytes { left in
      second.category.withUnsafeBytes { right in
        if left.equals(right) {
          first.key.withUnsafeBytes { left in second.key.withUnsafeBytes { left.precedes($0) } }
        } else {
          left.precedes(right)
        }
      }
    }
  }
}
