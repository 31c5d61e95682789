import ArgumentParser
import Foundation

/// Compares two reports of `measure`.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What became slower, or faster, from one JSON report to another; fails when something became slower.",
    discussion: """
      A row is slower when its ops per second fell by more than the threshold. Where both runs had the layer raw, its ratio to \
      raw must have risen by as much, too: a machine that was busier is no regression.
      """)

  @Argument(help: "The report to compare with.")
  var before: String

  @Argument(help: "The report to be judged.")
  var after: String

  @Option(parsing: .unconditional, help: "Percent that a row may be slower.")
  var threshold: Double = 15

  func validate() throws {
    guard threshold.isFinite, threshold >= 0 else { throw Complaint("--threshold takes a percentage of 0 or more") }
  }

  func run() throws {
    let (before, after) = (try StoredReport(self.before), try StoredReport(self.after))
    if let difference = before.header.settings.difference(after.header.settings) {
      throw Complaint("not comparable: \(difference)")
    }
    let changes = after.rows.compactMap { row in
      before.rows.first { $0.name == row.name }.map { Change(before: $0, after: row) }
    }
    guard !changes.isEmpty else { throw Complaint("not comparable: no row is in both reports") }
    let factor = 1 + threshold / 100
    let slower = changes.filter { $0.isSlower(by: factor) }
    let faster = changes.filter { $0.isFaster(by: factor) }
    print(
      "\(changes.count) rows in both: \(slower.count) slower, \(faster.count) faster by more than \(Figure.text(threshold)) %"
    )
    if !(slower + faster).isEmpty { print(Change.heading) }
    for change in slower + faster { print(change.line) }
    if !slower.isEmpty {
      throw Complaint("slower: " + slower.map(\.after.name).joined(separator: "; "))
    }
  }

  private struct Change {
    let before: StoredReport.Row
    let after: StoredReport.Row

    private var time: Double { before.opsPerSecond / max(after.opsPerSecond, .leastNonzeroMagnitude) }
    private var overRaw: Double? {
      guard let then = before.ratio, let now = after.ratio, then > 0 else { return nil }
      return now / then
    }

    func isSlower(by factor: Double) -> Bool { time > factor && (overRaw ?? .infinity) > factor }
    func isFaster(by factor: Double) -> Bool { time < 1 / factor && (overRaw ?? 0) < 1 / factor }

    static let heading =
      left("", 48) + right("before/s", 10) + right("after/s", 10) + right("time ×", 9) + right("over raw ×", 12)

    var line: String {
      left(after.name, 48) + right(rate(before.opsPerSecond), 10) + right(rate(after.opsPerSecond), 10)
        + right(Figure.text(time), 9) + right(overRaw.map(Figure.text) ?? "", 12)
    }
  }
}

/// What a comparison needs of a report that was written before.
struct StoredReport: Decodable {
  let header: Header
  let rows: [Row]

  struct Header: Decodable { let settings: Sizes }

  struct Sizes: Decodable {
    let rows: Int
    let keyBytes: Int
    let payloadBytes: Int

    enum CodingKeys: String, CodingKey {
      case rows
      case keyBytes = "key_bytes"
      case payloadBytes = "payload_bytes"
    }

    /// In words; nil when there is none.
    func difference(_ other: Sizes) -> String? {
      if rows != other.rows { return "\(rows) rows, then \(other.rows)" }
      if keyBytes != other.keyBytes { return "keys of \(keyBytes) bytes, then of \(other.keyBytes)" }
      if payloadBytes != other.payloadBytes {
        return "payloads of \(payloadBytes) bytes, then of \(other.payloadBytes)"
      }
      return nil
    }
  }

  struct Row: Decodable {
    let engine: String
    let layer: String
    let workload: String
    let batch: Int
    let durability: String
    let opsPerSecond: Double
    let ratio: Double?

    enum CodingKeys: String, CodingKey {
      case engine, layer, workload, batch, durability
      case opsPerSecond = "ops_per_second"
      case ratio = "ratio_to_raw"
    }

    var name: String { "\(engine) \(layer) \(workload) batch \(batch) \(durability)" }
  }

  init(_ path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else { throw Complaint("cannot read '\(path)'") }
    do {
      self = try JSONDecoder().decode(StoredReport.self, from: data)
    } catch {
      throw Complaint("'\(path)' is no JSON report of persistency-bench measure")
    }
  }
}
