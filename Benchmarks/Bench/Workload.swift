/// What is done to a store; the names mean what they mean in db_bench and YCSB.
enum Workload: String, Named, Sendable {
  // Into an empty store.
  /// Puts new rows in key order.
  case fillseq
  /// Puts the same rows in random order.
  case fillrandom
  /// Puts new rows in key order, a thousand a commit.
  case fillbatch
  /// Puts new rows in random order, each commit synced to the disk.
  case fillsync
  /// Single puts that nobody waits for, until the last is committed; the engine alone does batches of 1,000.
  case burst
  /// Puts of one writer that waits for each commit.
  case acked1
  /// Puts of 16 writers at once, each waiting for its commits; the engine alone is written by 16 threads.
  case acked16
  /// Puts of 256 writers at once, each waiting for its commits; the engine alone is written by 256 threads.
  case acked256

  // On a loaded store.
  /// Gets payloads, each in bytes of its own, of keys that are there, in random order.
  case readrandom
  /// Gets keys that are not there, between those that are.
  case readmissing
  /// Gets among one percent of the keys.
  case readhot
  /// Visits every row in key order.
  case readseq
  /// Visits every row in reverse order.
  case readreverse
  /// From a random key on, reads the next 100 rows; an op is one such scan.
  case seekrandom
  /// The same with 10 rows.
  case seekrandom10
  /// Counts a range of 1,000 rows; an op is one such count.
  case count
  /// Gets from several threads while one thread puts; an op is a get.
  case readwhilewriting
  /// Puts other payloads on keys that are there.
  case overwrite
  /// Half gets, half puts, zipfian.
  case ycsbA = "ycsb-a"
  /// 95 % gets, 5 % puts, zipfian.
  case ycsbB = "ycsb-b"
  /// Gets, zipfian.
  case ycsbC = "ycsb-c"
  /// 95 % gets of the latest rows, 5 % new rows.
  case ycsbD = "ycsb-d"
  /// 95 % scans of 1 to 100 rows, zipfian, 5 % new rows.
  case ycsbE = "ycsb-e"
  /// Half gets, half read-modify-writes, zipfian.
  case ycsbF = "ycsb-f"
  /// Deletes rows that are there, in random order.
  case deleterandom
  /// Deletes ranges of about 100 rows, each in a commit of its own; an op is one such delete.
  case deleterange
  /// Gets what is left after most rows were deleted.
  case readafterdelete
  /// Scans 10 rows from a key among the deleted.
  case seekafterdelete

  // Stores as a whole.
  /// Makes a new store and closes it.
  case open
  /// Opens the loaded store, gets one row, closes it; timed to the row.
  case reopen
  /// Opens a store more, puts a row and gets it, all others staying open.
  case manyjobs

  /// Whether its ops are put into commits of `--batch`.
  var isBatched: Bool { self == .fillseq || self == .fillrandom || self == .overwrite || self == .deleterandom }

  /// Whether it starts from an empty store.
  var fills: Bool {
    switch self {
    case .fillseq, .fillrandom, .fillbatch, .fillsync, .burst, .acked1, .acked16, .acked256: true
    default: false
    }
  }

  /// Whether it takes a layer that many use at once.
  var isShared: Bool { writers != nil || self == .burst || self == .readwhilewriting }

  var isYCSB: Bool { rawValue.hasPrefix("ycsb") }

  /// How many writers wait for commits at once; nil where that is not what it is about.
  var writers: Int? {
    switch self {
    case .acked1: 1
    case .acked16: 16
    case .acked256: 256
    default: nil
    }
  }

  /// How many rows a scan reads.
  var seekRows: Int { self == .seekrandom ? 100 : 10 }

  /// The passes it has, at the batch sizes of the command line.
  func passes(_ batches: [Int]) -> [Pass] {
    if isBatched { return batches.map { Pass(workload: self, batch: $0) } }
    return [Pass(workload: self, batch: self == .fillbatch ? 1000 : 1)]
  }
}

/// What stands between the caller and the engine.
enum Layer: String, Named, Sendable, Codable {
  /// C code that uses the engine as an expert would.
  case raw
  /// Our adapter, as `any KvBackend`.
  case backend
  /// A job, opened by `Persistency`.
  case job
  /// GRDB in place of ours.
  case grdb
  /// swift-collections' `SortedDictionary` in place of ours.
  case sortedDictionary = "sorted-dictionary"

  /// Those that this program was built with.
  static var allCases: [Layer] { [.raw, .backend, .job] + Peer.all.map(\.layer) }
}

/// One workload at one batch size: a line of the table.
struct Pass: Hashable, Sendable {
  let workload: Workload
  /// Ops of one commit; 1 for reads.
  let batch: Int

  var name: String { workload.isBatched ? "\(workload.rawValue) batch \(batch)" : workload.rawValue }
}
