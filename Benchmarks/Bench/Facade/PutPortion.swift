import PersistencyCore

/// Rows to put, as every entrant wants them.
struct PutPortion {
  /// All of them, in batches.
  let whole: Slice
  let puts: [SinglePut]
  /// The first of them, one a commit, and the others in batches: for entrants too slow to be asked for all.
  let head: Slice
  let tail: Slice

  /// How many puts the slow entrants are timed at.
  static let headCount = 512

  init(_ rows: [Int], batch: Int, _ data: DataSet) {
    let split = min(Self.headCount, rows.count)
    whole = .write(rows, delete: false, batch: batch, data)
    head = .write(Array(rows[..<split]), delete: false, batch: 1, data)
    tail = .write(Array(rows[split...]), delete: false, batch: batch, data)
    puts = whole.batches.joined().compactMap { op in
      guard case .put(_, let key, let payload) = op else { return nil }
      return SinglePut(key: key, payload: payload)
    }
  }

  var headPuts: ArraySlice<SinglePut> { puts.prefix(Self.headCount) }
}
