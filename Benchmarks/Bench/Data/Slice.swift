public import PersistencyCore

/// A few milliseconds of a workload, made ready before the clock starts: the same keys and payloads for every layer,
/// flat for C and as values for Swift.
public struct Slice: Sendable {
  /// Ops: rows written or read, scans, counts.
  public private(set) var count: Int
  /// Ops of a commit.
  var batch = 1
  /// Rows of a scan.
  public internal(set) var limit = 0
  /// What the layer must report; nil where the store's content is the proof.
  var expected: Tally?
  /// A key an op, or two where an op has a range.
  var flatKeys: [UInt8] = []
  /// A payload an op.
  var flatPayloads: [UInt8] = []
  public internal(set) var keys: [Key] = []
  public internal(set) var ranges: [KeyRange] = []
  public internal(set) var batches: [[TxOp]] = []
  public internal(set) var steps: [Step] = []

  init(count: Int) { self.count = count }

  /// The same puts, one by one.
  var puts: [SinglePut] {
    batches.joined().compactMap { op in
      guard case .put(_, let key, let payload) = op else { return nil }
      return SinglePut(key: key, payload: payload)
    }
  }
}

/// One put, ready to be handed over.
struct SinglePut: Sendable {
  let key: Key
  let payload: [UInt8]
}

/// An op of a mix.
public enum Step: Sendable {
  case read(Key)
  case put([TxOp])
  case scan(KeyRange, rows: Int)
  /// Reads a key, then puts it.
  case modify(Key, [TxOp])
}

extension Slice {
  // MARK: Writes

  /// Puts of `rows` at these versions, `batch` a commit.
  static func put(_ rows: [Int], batch: Int, _ data: DataSet, version: (Int) -> UInt8 = { _ in 1 }) -> Slice {
    var slice = Slice(count: rows.count)
    slice.flatPayloads = data.flatPayloads(rows, version: version)
    slice.setKeys(rows, data)
    let payloads = slice.flatPayloads
    slice.setBatches(batch, data) { index, key in
      let payload = Array(payloads[index * data.payloadSize..<(index + 1) * data.payloadSize])
      return .put(category: Settings.category, key: key, payload: payload)
    }
    return slice
  }

  /// Adds more puts; the sums of what is read stay as they are.
  mutating func append(_ other: Slice) {
    count += other.count
    flatKeys += other.flatKeys
    flatPayloads += other.flatPayloads
    keys += other.keys
    batches += other.batches
  }

  static func delete(_ rows: [Int], batch: Int, _ data: DataSet) -> Slice {
    var slice = Slice(count: rows.count)
    slice.setKeys(rows, data)
    slice.setBatches(batch, data) { .delete(category: Settings.category, key: $1) }
    return slice
  }

  static func deleteRanges(_ rows: [Range<Int>], _ data: DataSet) -> Slice {
    var slice = Slice(count: rows.count)
    slice.setRanges(rows, data)
    slice.batches = slice.ranges.map { [.deleteRange(category: Settings.category, range: $0)] }
    return slice
  }

  // MARK: Reads

  static func get(_ rows: [Int], _ data: DataSet, _ content: Content) -> Slice {
    var slice = Slice(count: rows.count)
    var expected = Tally()
    for row in rows { content.tally(of: row, in: data, into: &expected) }
    slice.expected = expected
    slice.setKeys(rows, data)
    return slice
  }

  static func seek(_ rows: [Int], limit: Int, _ data: DataSet, _ content: Content) -> Slice {
    var slice = Slice(count: rows.count)
    slice.limit = limit
    var expected = Tally()
    for row in rows { content.tally(from: row, rows: limit, in: data, into: &expected) }
    slice.expected = expected
    slice.setKeys(rows, data)
    slice.ranges = slice.keys.map { KeyRange(start: $0, stop: nil) }
    return slice
  }

  static func count(_ rows: [Range<Int>], _ data: DataSet, _ content: Content) -> Slice {
    var slice = Slice(count: rows.count)
    let found = rows.reduce(0) { $0 + $1.count { content.version($0) != 0 } }
    slice.expected = Tally(rows: UInt64(found))
    slice.setRanges(rows, data)
    return slice
  }

  /// One visit of everything.
  static func visit(_ everything: Tally) -> Slice {
    var slice = Slice(count: Int(everything.rows))
    slice.expected = everything
    return slice
  }

  // MARK: Parts

  private mutating func setKeys(_ rows: [Int], _ data: DataSet) {
    flatKeys = data.flatKeys(rows)
    keys = rows.indices.map { Key(rawBytes: flatKeys[$0 * data.keySize..<($0 + 1) * data.keySize]) }
  }

  private mutating func setRanges(_ rows: [Range<Int>], _ data: DataSet) {
    setKeys(rows.flatMap { [$0.lowerBound, $0.upperBound] }, data)
    ranges = rows.indices.map { KeyRange(start: keys[2 * $0], stop: keys[2 * $0 + 1]) }
  }

  private mutating func setBatches(_ size: Int, _ data: DataSet, _ op: (Int, Key) -> TxOp) {
    batch = size
    let ops = keys.indices.map { op($0, keys[$0]) }
    batches = stride(from: 0, to: ops.count, by: size).map { Array(ops[$0..<min($0 + size, ops.count)]) }
  }
}
