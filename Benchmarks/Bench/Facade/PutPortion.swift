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
    whole = .put(rows, batch: batch, data)
    head = .put(Array(rows[..<split]), batch: 1, data)
    tail = .put(Array(rows[split...]), batch: batch, data)
    puts = whole.puts
  }

  var headPuts: ArraySlice<SinglePut> { puts.prefix(Self.headCount) }
}
