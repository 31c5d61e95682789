import PersistencyCore

/// A few milliseconds of a workload, made ready before the clock starts: the same keys and payloads for every layer,
/// flat for C and as values for Swift.
struct Slice {
  /// Ops: rows written or read, scans, counts.
  let count: Int
  let batch: Int
  /// What the layer must report; nil where the store's content is the proof.
  let expected: Tally?
  var flatKeys: [UInt8] = []
  var flatPayloads: [UInt8] = []
  var keys: [Key] = []
  var ranges: [KeyRange] = []
  var batches: [[TxOp]] = []

  /// Puts or deletes of `rows`, `batch` a commit.
  static func write(_ rows: [Int], delete: Bool, batch: Int, _ data: DataSet) -> Slice {
    var slice = Slice(count: rows.count, batch: batch, expected: nil)
    slice.flatKeys = data.flatKeys(rows)
    if !delete { slice.flatPayloads = data.flatPayloads(rows) }
    let ops = rows.indices.map { index -> TxOp in
      let key = Key(rawBytes: slice.flatKeys[index * data.keySize..<(index + 1) * data.keySize])
      if delete { return .delete(category: Settings.category, key: key) }
      let payload = Array(slice.flatPayloads[index * data.payloadSize..<(index + 1) * data.payloadSize])
      return .put(category: Settings.category, key: key, payload: payload)
    }
    slice.batches = stride(from: 0, to: ops.count, by: batch).map { Array(ops[$0..<min($0 + batch, ops.count)]) }
    return slice
  }

  static func get(_ rows: [Int], _ data: DataSet) -> Slice {
    let sum = rows.reduce(into: UInt64(0)) { $0 &+= data.payloadSum($1) }
    var slice = Slice(count: rows.count, batch: 1, expected: Tally(rows: UInt64(rows.count), checksum: sum))
    slice.setKeys(rows, data)
    return slice
  }

  static func seek(_ rows: [Int], _ data: DataSet) -> Slice {
    var expected = Tally()
    for start in rows {
      for row in start..<min(start + Settings.seekRows, data.rows) {
        expected.rows += 1
        expected.checksum &+= data.rowSum(row)
      }
    }
    var slice = Slice(count: rows.count, batch: 1, expected: expected)
    slice.setKeys(rows, data)
    slice.ranges = slice.keys.map { KeyRange(start: $0, stop: nil) }
    return slice
  }

  static func count(_ rows: [Int], _ data: DataSet) -> Slice {
    let span = min(Settings.countRows, data.rows - 1)
    let bounds = rows.flatMap { row -> [Int] in
      let start = min(row, data.rows - 1 - span)
      return [start, start + span]
    }
    var slice = Slice(count: rows.count, batch: 1, expected: Tally(rows: UInt64(rows.count * span)))
    slice.setKeys(bounds, data)
    slice.ranges = rows.indices.map { KeyRange(start: slice.keys[2 * $0], stop: slice.keys[2 * $0 + 1]) }
    return slice
  }

  /// One visit of everything.
  static func visit(_ data: DataSet, _ expected: Tally) -> Slice {
    Slice(count: data.rows, batch: 1, expected: expected)
  }

  private mutating func setKeys(_ rows: [Int], _ data: DataSet) {
    flatKeys = data.flatKeys(rows)
    keys = rows.indices.map { Key(rawBytes: flatKeys[$0 * data.keySize..<($0 + 1) * data.keySize]) }
  }
}
