import PersistencyCore

/// One row of the store: they order by category bytes, then key bytes.
struct LogRow: Sendable {
  let category: [UInt8]
  let key: Key
  var payload: [UInt8]
}

/// All rows, sorted, in pieces of bounded length: a value, so that a copy is a snapshot, and a write after copying
/// copies one piece.
struct LogRows: Sendable {
  /// None is empty.
  private var pieces: [[LogRow]] = []

  private static let pieceRows = 256

  /// A row's place; one past the last is (pieces.count, 0).
  struct Place: Comparable {
    var piece: Int
    var row: Int

    static func < (left: Place, right: Place) -> Bool { (left.piece, left.row) < (right.piece, right.row) }
  }

  var start: Place { Place(piece: 0, row: 0) }
  var end: Place { Place(piece: pieces.count, row: 0) }

  subscript(place: Place) -> LogRow { pieces[place.piece][place.row] }

  func after(_ place: Place) -> Place {
    place.row + 1 < pieces[place.piece].count
      ? Place(piece: place.piece, row: place.row + 1) : Place(piece: place.piece + 1, row: 0)
  }

  func before(_ place: Place) -> Place {
    place.row > 0
      ? Place(piece: place.piece, row: place.row - 1)
      : Place(piece: place.piece - 1, row: pieces[place.piece - 1].count - 1)
  }

  // MARK: Search

  /// The first row at or past a key of a category.
  func place(_ category: [UInt8], _ key: Key) -> Place {
    firstPlace { row in
      row.category == category ? row.key >= key : Key(rawBytes: row.category) > Key(rawBytes: category)
    }
  }

  /// The first row past a category.
  func place(past category: [UInt8]) -> Place {
    let name = Key(rawBytes: category)
    return firstPlace { Key(rawBytes: $0.category) > name }
  }

  /// The rows of a range: from the first place up to the second, which is not past it when there are none.
  func places(_ category: [UInt8], _ range: KeyRange) -> (first: Place, end: Place) {
    (place(category, range.start), range.stop.map { place(category, $0) } ?? place(past: category))
  }

  func payload(_ category: [UInt8], _ key: Key) -> [UInt8]? {
    let place = place(category, key)
    guard place < end, self[place].category == category, self[place].key == key else { return nil }
    return self[place].payload
  }

  /// The first row for which `holds`, which stays true from there on.
  private func firstPlace(where holds: (LogRow) -> Bool) -> Place {
    let piece = Self.firstIndex(pieces.count) { pieces[$0].last.map(holds) ?? true }
    guard piece < pieces.count else { return end }
    return Place(piece: piece, row: Self.firstIndex(pieces[piece].count) { holds(pieces[piece][$0]) })
  }

  private static func firstIndex(_ count: Int, where holds: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  // MARK: Change

  /// Stores the payload, or removes the row for nil.
  mutating func set(_ category: [UInt8], _ key: Key, _ payload: [UInt8]?) {
    let place = place(category, key)
    let isThere = place < end && self[place].category == category && self[place].key == key
    switch (isThere, payload) {
    case (true, let payload?): pieces[place.piece][place.row].payload = payload
    case (false, let payload?): insert(LogRow(category: category, key: key, payload: payload), at: place)
    case (true, nil):
      pieces[place.piece].remove(at: place.row)
      if pieces[place.piece].isEmpty { pieces.remove(at: place.piece) }
    case (false, nil): break
    }
  }

  private mutating func insert(_ row: LogRow, at place: Place) {
    guard let last = pieces.indices.last else { return pieces = [[row]] }
    let isPastAll = place.piece > last
    let piece = isPastAll ? last : place.piece
    pieces[piece].insert(row, at: isPastAll ? pieces[piece].count : place.row)
    guard pieces[piece].count > Self.pieceRows else { return }
    let cut = isPastAll ? Self.pieceRows : Self.pieceRows / 2
    let tail = Array(pieces[piece][cut...])
    pieces[piece].removeSubrange(cut...)
    pieces.insert(tail, at: piece + 1)
  }
}
