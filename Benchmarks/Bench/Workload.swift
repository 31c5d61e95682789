/// What is done to a store; the names mean what they mean in db_bench.
enum Workload: String, Named, Sendable {
  /// Puts new rows in key order, into an empty store.
  case fillseq
  /// Puts the same rows in random order, into an empty store.
  case fillrandom
  /// Gets payloads, each in bytes of its own, of keys that are there, in random order.
  case readrandom
  /// Visits every row in key order.
  case readseq
  /// Visits every row in reverse order.
  case readreverse
  /// From a random key on, reads the next 100 rows; an op is one such scan.
  case seekrandom
  /// Counts a range of 1,000 rows; an op is one such count.
  case count
  /// Deletes rows that are there, in random order.
  case deleterandom

  var writes: Bool { self == .fillseq || self == .fillrandom || self == .deleterandom }
  var fills: Bool { self == .fillseq || self == .fillrandom }
}

/// What stands between the caller and the engine.
enum Layer: String, Named, Sendable {
  /// C code that uses the engine as an expert would.
  case raw
  /// Our adapter, as `any KvBackend`.
  case backend
  /// A job, opened by `Persistency`.
  case job
}

/// One workload at one batch size: a line of the table.
struct Pass: Hashable, Sendable {
  let workload: Workload
  /// Ops of one commit; 1 for reads.
  let batch: Int

  var name: String { workload.writes ? "\(workload.rawValue) batch \(batch)" : workload.rawValue }
}
