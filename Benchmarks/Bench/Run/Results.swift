import Histogram
import PersistencyCore

/// One number of the table: an engine, behind a layer, at a pass.
struct Cell: Hashable, Sendable {
  let engine: EngineChoice
  let layer: Layer
  let pass: Pass
}

/// What one turn, or one round of them, took.
struct Sample: Sendable {
  var ops = 0
  var seconds = 0.0
  /// Processor time of the whole process meanwhile.
  var cpuSeconds = 0.0

  var secondsPerOp: Double { ops > 0 ? seconds / Double(ops) : 0 }
  var cpuSecondsPerOp: Double { ops > 0 ? cpuSeconds / Double(ops) : 0 }

  init() {}

  init(ops: Int, nanoseconds: UInt64, cpu: UInt64) {
    self.ops = ops
    seconds = Double(nanoseconds) / 1e9
    cpuSeconds = Double(cpu) / 1e9
  }

  static func += (total: inout Sample, part: Sample) {
    total.ops += part.ops
    total.seconds += part.seconds
    total.cpuSeconds += part.cpuSeconds
  }
}

/// What all rounds took.
struct Series {
  var rounds: [Sample] = []
  /// Each turn by itself; the same turn of another layer came right before or after it.
  private(set) var turns: [Sample] = []
  /// Nanoseconds of single calls, of all rounds.
  private var latencies = Histogram<UInt32>(highestTrackableValue: 60_000_000_000)

  mutating func take(_ turn: Sample, _ notes: Notes) {
    turns.append(turn)
    notes.drain { _ = latencies.record($0) }
  }

  /// Percentiles and their microseconds, for a curve.
  var distribution: [[Double]] {
    if latencies.totalCount == 0 { return [] }
    return [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100].map { [$0, microseconds(at: $0)] }
  }

  func microseconds(at percentile: Double) -> Double {
    latencies.totalCount == 0 ? 0 : Double(latencies.valueAtPercentile(percentile)) / 1000
  }
}

/// A row of the report.
struct ResultRow: Codable, Sendable {
  let engine: String
  let layer: String
  let workload: String
  let batch: Int
  let durability: String
  /// How many a loaded store has.
  let rows: Int
  /// Of the median round, as the next three.
  let ops: Int
  let seconds: Double
  let opsPerSecond: Double
  let cpuSeconds: Double
  let p50: Double
  let p99: Double
  let p999: Double
  let max: Double
  /// What the latencies are like: microseconds at these percentiles.
  let distribution: [[Double]]
  /// Time per op over that of the raw layer in the same turn, the median of all turns; nil without a raw layer.
  let ratio: Double?
  /// The same of processor time.
  let cpuRatio: Double?
  /// The slowest round's time per op over the fastest's.
  let spread: Double

  enum CodingKeys: String, CodingKey {
    case engine, layer, workload, batch, durability, rows, ops, seconds
    case opsPerSecond = "ops_per_second"
    case cpuSeconds = "cpu_seconds"
    case p50 = "p50_us"
    case p99 = "p99_us"
    case p999 = "p999_us"
    case max = "max_us"
    case distribution = "latency_us"
    case ratio = "ratio_to_raw"
    case cpuRatio = "cpu_ratio_to_raw"
    case spread
  }
}

extension ResultRow {
  var secondsPerOp: Double? { ops > 0 && seconds > 0 ? seconds / Double(ops) : nil }
}

/// What a run found out.
struct Results: Sendable {
  let rows: [ResultRow]
  let stores: [StoreFacts]
  let rocksVersion: String

  init(settings: Settings, series: [Cell: Series], stores: [StoreFacts], rocksVersion: String) {
    self.stores = stores
    self.rocksVersion = rocksVersion
    var rows: [ResultRow] = []
    for engine in settings.engines {
      for workload in Workload.allCases where settings.workloads.contains(workload) {
        let wanted = workload == .fillsync ? .full : settings.durability
        let durability = engine.durability(wanted, settings).rawValue
        for pass in workload.passes(settings.batches) {
          for layer in engine.layers(of: settings) {
            guard let all = series[Cell(engine: engine, layer: layer, pass: pass)] else { continue }
            let raw = layer == .raw ? nil : series[Cell(engine: engine, layer: .raw, pass: pass)]
            if let row = Self.row(engine, layer, pass, durability, rows: settings.rows, all, raw) { rows.append(row) }
          }
        }
      }
    }
    self.rows = rows
  }

  private static func row(
    _ engine: EngineChoice, _ layer: Layer, _ pass: Pass, _ durability: String, rows: Int, _ series: Series,
    _ raw: Series?
  ) -> ResultRow? {
    let sorted = series.rounds.sorted { $0.secondsPerOp < $1.secondsPerOp }
    guard let fastest = sorted.first, let slowest = sorted.last else { return nil }
    let middle = sorted[(sorted.count - 1) / 2]
    let pairs = raw.map { Array(zip(series.turns, $0.turns)) }
    return ResultRow(
      engine: engine.rawValue, layer: layer.rawValue, workload: pass.workload.rawValue, batch: pass.batch,
      durability: durability, rows: rows, ops: middle.ops, seconds: middle.seconds,
      opsPerSecond: middle.seconds > 0 ? Double(middle.ops) / middle.seconds : 0, cpuSeconds: middle.cpuSeconds,
      p50: series.microseconds(at: 50), p99: series.microseconds(at: 99), p999: series.microseconds(at: 99.9),
      max: series.microseconds(at: 100), distribution: series.distribution,
      ratio: pairs.flatMap { median($0.map { $0.secondsPerOp / $1.secondsPerOp }) },
      cpuRatio: pairs.flatMap { median($0.map { $0.cpuSecondsPerOp / $1.cpuSecondsPerOp }) },
      spread: fastest.secondsPerOp > 0 ? slowest.secondsPerOp / fastest.secondsPerOp : 1)
  }
}
