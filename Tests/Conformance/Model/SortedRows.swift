import PersistencyCore

/// One category's rows in key order: sorted arrays of bounded length, so that an insert moves a few hundred rows at
/// most, and that a copy shares all that is not written afterwards.
struct SortedRows: Sendable {
  /// None is empty; every key of one comes before every key of the next.
  private var chunks: [[KvRow]] = []

  private static var chunkRows: Int { 512 }

  var isEmpty: Bool { chunks.isEmpty }

  /// A row's place: a chunk and an index in it; one past the last row is (chunks.count, 0).
  struct Place: Comparable {
    var chunk: Int
    var row: Int

    static func < (left: Place, right: Place) -> Bool {
      left.chunk == right.chunk ? left.row < right.row : left.chunk < right.chunk
    }
  }

  /// Where the first key at or past `key` is.
  func place(atOrPast key: Key) -> Place {
    let chunk = Self.firstIndex(below: chunks.count) { chunks[$0].last.map { $0.key >= key } ?? true }
    guard chunk < chunks.count else { return Place(chunk: chunk, row: 0) }
    return Place(chunk: chunk, row: Self.firstIndex(below: chunks[chunk].count) { chunks[chunk][$0].key >= key })
  }

  private var end: Place { Place(chunk: chunks.count, row: 0) }

  private func row(at place: Place) -> KvRow? {
    place.chunk < chunks.count ? chunks[place.chunk][place.row] : nil
  }

  /// The first index for which `holds`, which must stay true from there on; `count` when there is none.
  private static func firstIndex(below count: Int, where holds: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  // MARK: One row

  func payload(of key: Key) -> [UInt8]? {
    row(at: place(atOrPast: key)).flatMap { $0.key == key ? $0.payload : nil }
  }

  /// Stores the payload, or removes the row for nil.
  ///
  /// - Returns: The payload that was there.
  @discardableResult
  mutating func set(_ key: Key, to payload: [UInt8]?) -> [UInt8]? {
    let place = place(atOrPast: key)
    let found = row(at: place).flatMap { $0.key == key ? $0.payload : nil }
    switch (found, payload) {
    case (nil, nil): break
    case (nil, let payload?): insert(KvRow(key: key, payload: payload), at: place)
    case (_?, let payload?): chunks[place.chunk][place.row] = KvRow(key: key, payload: payload)
    case (_?, nil):
      chunks[place.chunk].remove(at: place.row)
      if chunks[place.chunk].isEmpty { chunks.remove(at: place.chunk) }
    }
    return found
  }

  private mutating func insert(_ row: KvRow, at place: Place) {
    guard let last = chunks.indices.last else { return chunks.append([row]) }
    var place = place
    if place.chunk > last { place = Place(chunk: last, row: chunks[last].count) }
    chunks[place.chunk].insert(row, at: place.row)
    if chunks[place.chunk].count > Self.chunkRows {
      // Rows that come in order leave full chunks behind.
      let cut = place.chunk == last ? Self.chunkRows : Self.chunkRows / 2
      let tail = Array(chunks[place.chunk][cut...])
      chunks[place.chunk].removeSubrange(cut...)
      chunks.insert(tail, at: place.chunk + 1)
    }
  }

  // MARK: Ranges

  private func places(of range: KeyRange) -> (first: Place, end: Place) {
    (place(atOrPast: range.start), range.stop.map { place(atOrPast: $0) } ?? end)
  }

  /// Gives each row of a range, in key order or backwards.
  func visit<Failure: Error>(
    _ range: KeyRange, reverse: Bool, _ body: (KvRow) throws(Failure) -> Visit
  ) throws(Failure) {
    var (first, end) = places(of: range)
    while first < end {
      let place = reverse ? place(before: end) : first
      if try body(chunks[place.chunk][place.row]) == .stop { return }
      if reverse { end = place } else { first = self.place(after: place) }
    }
  }

  func rows(_ range: KeyRange) -> [KvRow] {
    var rows: [KvRow] = []
    visit(range, reverse: false) { row in
      rows.append(row)
      return .next
    }
    return rows
  }

  private func place(after place: Place) -> Place {
    place.row + 1 < chunks[place.chunk].count
      ? Place(chunk: place.chunk, row: place.row + 1) : Place(chunk: place.chunk + 1, row: 0)
  }

  private func place(before place: Place) -> Place {
    place.row > 0
      ? Place(chunk: place.chunk, row: place.row - 1)
      : Place(chunk: place.chunk - 1, row: chunks[place.chunk - 1].count - 1)
  }
}
