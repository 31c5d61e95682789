import PersistencyCore

/// What the batches of a trial hold: all of it a function of a few numbers, so that whoever opens the store can tell what must be there.
///
/// A store has several lanes, each the work of one writer: batches 1, 2, 3… Each batch puts rows of its own, deletes those of
/// the batch a window before it, writes over one row that it shares with others, and records its number. So the
/// number of a lane's last batch tells every row that the lane has, exactly.
struct TrialScript: Codable, Hashable, Sendable {
  var seed: UInt64
  var lanes: Int
  /// For how many batches a row stays.
  var window: Int

  /// Where each lane's last batch is recorded.
  static let records = "meta"
  private static let shared = "shared"
  /// How many rows of a lane are written over and over.
  private static let sharedRows: UInt64 = 5

  /// One lane of one store: `generation` counts the stores that had this place.
  struct Lane: Hashable, Sendable {
    var number: Int
    var generation: UInt64

    var recordKey: Key { Key(Int64(number)) }

    /// What a batch leaves at the record's key.
    func record(_ batch: UInt64) -> [UInt8] { Key(generation, batch).bytes }
  }

  // MARK: Batches

  func ops(_ batch: UInt64, of lane: Lane) -> [TxOp] {
    var ops: [TxOp] = []
    if batch % 3 == 0 {
      let before = batch > 1 ? lane.record(batch - 1) : nil
      ops.append(.expect(category: Self.records, key: lane.recordKey, payload: before))
    }
    ops.append(.put(category: Self.records, key: lane.recordKey, payload: lane.record(batch)))
    for row in rows(batch, of: lane) { ops.append(row.put) }
    if batch > UInt64(window) { ops += removal(batch - UInt64(window), of: lane) }
    ops.append(sharedRow(batch, of: lane).put)
    return ops
  }

  private func removal(_ batch: UInt64, of lane: Lane) -> [TxOp] {
    let rows = rows(batch, of: lane)
    if batch % 2 == 0 {
      return [.deletePrefix(category: rows[0].category, prefix: prefix(batch, of: lane))]
    }
    return rows.map { .delete(category: $0.category, key: $0.key) }
  }

  // MARK: Rows

  /// A row by the bytes that all engines order it by.
  struct Row: Hashable, Sendable {
    var category: String
    var key: Key
    var payload: [UInt8]

    var put: TxOp { .put(category: category, key: key, payload: payload) }

    func precedes(_ other: Row) -> Bool {
      category == other.category
        ? key < other.key : category.utf8.lexicographicallyPrecedes(other.category.utf8)
    }
  }

  /// What a batch puts that is its own.
  private func rows(_ batch: UInt64, of lane: Lane) -> [Row] {
    var random = generator(batch, of: lane)
    let category = "c\(random.next() % 3)"
    let count =
      switch random.next() % 100 {
      case 0: Int.random(in: 100...200, using: &random)
      case 1..<8: Int.random(in: 10...40, using: &random)
      default: Int.random(in: 1...6, using: &random)
      }
    return (0..<count).map { index in
      var key = prefix(batch, of: lane)
      key.append(Int64(index))
      // A tail that makes the key longer than LMDB's own.
      if random.next() % 30 == 0 { key.append(OrderedBytes([UInt8](repeating: 0x61, count: 600))) }
      let size =
        switch random.next() % 100 {
        case 0...1: Int.random(in: 4_000...20_000, using: &random)
        case 2...10: 0
        default: Int.random(in: 1...200, using: &random)
        }
      return Row(category: category, key: key, payload: random.bytes(size))
    }
  }

  /// What a batch puts over what earlier ones put there.
  private func sharedRow(_ batch: UInt64, of lane: Lane) -> Row {
    var random = generator(batch ^ 1 << 63, of: lane)
    let key = Key(Int64(lane.number), Int64(batch % Self.sharedRows))
    return Row(category: Self.shared, key: key, payload: random.bytes(Int(random.next() % 300)))
  }

  private func prefix(_ batch: UInt64, of lane: Lane) -> Key { Key(Int64(lane.number), batch) }

  private func generator(_ batch: UInt64, of lane: Lane) -> SeededGenerator {
    var random = SeededGenerator(seed: seed &+ batch &* 0x2545_F491_4F6C_DD1D)
    return SeededGenerator(seed: random.next() ^ lane.generation << 32 ^ UInt64(lane.number))
  }

  // MARK: Stores

  /// Every row of a store of one generation whose lanes have got so far, in the order of `visitAll`.
  func rows(generation: UInt64, last: [UInt64]) -> [Row] {
    var all: [Row] = []
    for (number, last) in last.enumerated() where last > 0 {
      let lane = Lane(number: number, generation: generation)
      all.append(Row(category: Self.records, key: lane.recordKey, payload: lane.record(last)))
      let first = last > UInt64(window) ? last - UInt64(window) + 1 : 1
      for batch in first...last { all += rows(batch, of: lane) }
      for batch in (last > Self.sharedRows ? last - Self.sharedRows + 1 : 1)...last {
        all.append(sharedRow(batch, of: lane))
      }
    }
    return all.sorted { $0.precedes($1) }
  }
}

extension SeededGenerator {
  mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: next().littleEndian) { bytes.append(contentsOf: $0) } }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}
