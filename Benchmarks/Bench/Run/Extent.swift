/// How much of each workload is run on a store of `rows` rows, and in which portions the layers take turns.
enum Extent {
  /// Commits of fewer ops are so much slower that they get a tenth of the rows.
  private static func isSmall(_ pass: Pass) -> Bool { pass.batch < 100 }

  /// Rows to put, or to delete.
  static func written(_ pass: Pass, of rows: Int) -> Int {
    switch pass.workload {
    case .burst, .acked256: rows
    case .deleterandom: max(1, isSmall(pass) ? rows / 20 : rows / 4)
    case .deleterange: max(1, rows / 1000)
    default: isSmall(pass) ? max(min(rows, 100), rows / 10) : rows
    }
  }

  /// Ops of a workload that reads, or mixes: rows, scans, counts, or whole visits.
  static func read(_ workload: Workload, of rows: Int) -> Int {
    switch workload {
    case .seekrandom, .seekrandom10, .seekafterdelete: max(1, rows / 10)
    case .count: max(1, rows / 100)
    case .readseq, .readreverse: min(100, max(3, 2_000_000 / rows)) * rows
    case .ycsbA, .ycsbB, .ycsbC, .ycsbD, .ycsbE, .ycsbF: max(min(rows, 1000), rows / 2)
    default: max(rows, 1000)
    }
  }

  /// One layer's turn: a few milliseconds.
  static func slice(_ pass: Pass) -> Int {
    switch pass.workload {
    case .seekrandom, .deleterange: 50
    case .seekrandom10, .seekafterdelete: 200
    case .count: 20
    case .readrandom, .readmissing, .readhot, .readafterdelete, .ycsbC: 2000
    case .readwhilewriting: 4000
    case .ycsbA, .ycsbB, .ycsbD, .ycsbF: 200
    case .ycsbE: 100
    case .burst: 10_000
    case .acked1: 100
    case .acked16: 640
    case .acked256: 2560
    default: isSmall(pass) ? 100 * pass.batch : pass.batch
    }
  }
}
