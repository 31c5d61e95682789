/// How much of each workload is run on a store of `rows` rows, and in which portions the layers take turns.
enum Extent {
  /// Commits of fewer ops are so much slower that they get a tenth of the rows.
  private static func isSmall(_ pass: Pass) -> Bool { pass.batch < 100 }

  /// Rows to put, or to delete.
  static func written(_ pass: Pass, of rows: Int) -> Int {
    if isSmall(pass) { return max(min(rows, 100), rows / 10) }
    return pass.workload == .deleterandom ? max(1, rows / 2) : rows
  }

  /// Ops of a workload that reads: rows, scans, counts, or whole visits.
  static func read(_ workload: Workload, of rows: Int) -> Int {
    switch workload {
    case .seekrandom: max(1, rows / 10)
    case .count: max(1, rows / 100)
    case .readseq, .readreverse: min(100, max(3, 2_000_000 / rows))
    default: rows
    }
  }

  /// One layer's turn: a few milliseconds.
  static func slice(_ pass: Pass) -> Int {
    switch pass.workload {
    case .seekrandom: 50
    case .count: 20
    case .readseq, .readreverse: 1
    case .readrandom: 2000
    case .fillseq, .fillrandom, .deleterandom: isSmall(pass) ? 100 * pass.batch : pass.batch
    }
  }

  /// Fills by large batches leave the store that is read afterwards: they take the time they need.
  static func mustFinish(_ pass: Pass) -> Bool { pass.workload.fills && !isSmall(pass) }
}
