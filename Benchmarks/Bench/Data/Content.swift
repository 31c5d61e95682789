/// What a store must hold: which rows, and the version of each one's payload.
struct Content {
  /// By row; 0 is absent.
  private var versions: [UInt8]
  private(set) var count = 0
  /// Rows that were deleted at once, so that nobody has to look at each.
  private var gap = 0..<0

  init(_ data: DataSet) { versions = Array(repeating: 0, count: data.capacity) }

  func version(_ row: Int) -> UInt8 { versions[row] }

  /// - Returns: The version its payload has from now on, another than it had.
  mutating func put(_ row: Int) -> UInt8 {
    if versions[row] == 0 { count += 1 }
    versions[row] = versions[row] == .max ? 1 : versions[row] + 1
    return versions[row]
  }

  mutating func delete(_ row: Int) {
    if versions[row] != 0 { count -= 1 }
    versions[row] = 0
  }

  mutating func clear(_ rows: Range<Int>) {
    for row in rows { delete(row) }
    if rows.count > gap.count { gap = rows }
  }

  /// The first row from `row` on that is there.
  func next(_ row: Int) -> Int? {
    var row = row
    while row < versions.count {
      if versions[row] != 0 { return row }
      row = gap.contains(row) ? gap.upperBound : row + 1
    }
    return nil
  }

  // MARK: What a layer must come to

  func tally(of row: Int, in data: DataSet, into tally: inout Tally) {
    guard versions[row] != 0 else { return }
    tally.rows += 1
    tally.checksum &+= data.payloadSum(row, versions[row])
  }

  func tally(from row: Int, rows: Int, in data: DataSet, into tally: inout Tally) {
    var (row, left) = (next(row), rows)
    while let found = row, left > 0 {
      tally.rows += 1
      tally.checksum &+= data.rowSum(found, versions[found])
      left -= 1
      row = next(found + 1)
    }
  }

  func everything(in data: DataSet) -> Tally {
    var tally = Tally()
    self.tally(from: 0, rows: .max, in: data, into: &tally)
    return tally
  }

  func proof(in data: DataSet) -> Tally {
    data.proof(versions.indices.lazy.filter { versions[$0] != 0 }.map { ($0, versions[$0]) })
  }
}
