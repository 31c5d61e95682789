import Foundation

/// The results for a terminal of 100 columns: a table an engine, and one that compares them.
struct TableReport {
  let report: MeasureReport

  private var header: RunHeader { report.header }
  private var rows: [ResultRow] { report.rows }
  private var stores: [StoreFacts] { report.stores }

  var text: String {
    var lines = header.lines
    lines.append("Latencies are microseconds a call (a commit, a get, a scan, a count; a row where all are visited).")
    for engine in ordered(\.engine) { lines += [""] + table(engine) }
    if ordered(\.engine).count > 1 { lines += [""] + comparison }
    if !stores.isEmpty { lines += [""] + space }
    if !report.growth.isEmpty { lines += [""] + growth }
    if !report.figures.isEmpty { lines += [""] + FigureTable.lines(report.figures) }
    return lines.joined(separator: "\n")
  }

  // MARK: Parts

  private func table(_ engine: String) -> [String] {
    let mine = rows.filter { $0.engine == engine }
    let layers = Layer.allCases.map(\.rawValue).filter { layer in mine.contains { $0.layer == layer } }
    var first = left(engine, Self.nameWidth) + right("", 6)
    var second = left("", Self.nameWidth) + right("batch", 6)
    for layer in layers {
      let width = Self.width(layer, layers)
      first += "  " + left(layer + " " + String(repeating: "─", count: max(0, width - layer.count - 3)), width - 2)
      second += right("ops/s", 9) + right("p50", 8) + right("p99", 8)
      if Self.hasRatio(layer, layers) { second += right("× raw", 7) }
    }
    var lines = [first, second]
    for (workload, batch) in passes(mine) {
      var line = left(workload, Self.nameWidth) + right(String(batch), 6)
      for layer in layers {
        guard let row = mine.first(where: { $0.workload == workload && $0.batch == batch && $0.layer == layer }) else {
          line += left("", Self.width(layer, layers))
          continue
        }
        line += right(rate(row.opsPerSecond), 9) + right(Self.latency(row.p50), 8)
        line += right(Self.latency(row.p99), 8)
        if Self.hasRatio(layer, layers) {
          line += right(row.ratio.map { String(format: "%.2f", $0) } ?? "", 7)
        }
      }
      lines.append(line)
    }
    return lines
  }

  /// Ops a second by engine, at the layer closest to an application.
  private var comparison: [String] {
    let layers = Layer.allCases.map(\.rawValue)
    guard let layer = layers.last(where: { layer in rows.contains { $0.layer == layer } }) else { return [] }
    let mine = rows.filter { $0.layer == layer }
    let engines = ordered(\.engine)
    var lines = [
      left("\(layer), ops/s", Self.nameWidth) + right("batch", 6) + engines.map { right($0, 10) }.joined()
    ]
    for (workload, batch) in passes(mine) {
      var line = left(workload, Self.nameWidth) + right(String(batch), 6)
      for engine in engines {
        let row = mine.first { $0.engine == engine && $0.workload == workload && $0.batch == batch }
        line += right(row.map { rate($0.opsPerSecond) } ?? "", 10)
      }
      lines.append(line)
    }
    return lines
  }

  /// What the stores take, beside time.
  private var space: [String] {
    var lines = [
      left("stores", Self.nameWidth) + left("layer", 8) + right("on disk", 10) + right("× data", 8)
        + right("written", 10) + right("× data", 8) + right("memory", 10) + right("a job", 10) + right("files", 7)
    ]
    for store in stores {
      lines.append(
        left(store.engine, Self.nameWidth) + left(store.layer, 8) + right(store.bytesOnDisk.map(bytes) ?? "", 10)
          + right(store.spaceAmplification.map { formatted($0, 1) } ?? "", 8)
          + right(store.bytesWritten.map(bytes) ?? "", 10)
          + right(store.writeAmplification.map { formatted($0, 1) } ?? "", 8)
          + right(store.anonymousBytes.map(bytes) ?? "", 10) + right(store.bytesPerJob.map(bytes) ?? "", 10)
          + right(store.descriptorsPerJob.map { formatted($0, 1) } ?? "", 7))
    }
    return lines
  }

  /// Microseconds an op by the size of the store.
  private var growth: [String] {
    let sizes = Set(report.growth.map(\.rows)).sorted()
    var lines = [
      left("µs an op", Self.nameWidth) + left("", 18) + sizes.map { right("\($0) rows", 14) }.joined()
    ]
    var seen = Set<[String]>()
    for row in report.growth where seen.insert([row.engine, row.workload, row.layer]).inserted {
      let mine = report.growth.filter {
        $0.engine == row.engine && $0.workload == row.workload && $0.layer == row.layer
      }
      lines.append(
        left(row.workload, Self.nameWidth) + left(row.engine + " " + row.layer, 18)
          + sizes.map { size in
            right(mine.first { $0.rows == size && $0.opsPerSecond > 0 }.map { time(1e6 / $0.opsPerSecond) } ?? "", 14)
          }.joined())
    }
    return lines
  }

  // MARK: Text

  private static let nameWidth = 17

  /// Nothing where single calls were not timed.
  private static func latency(_ microseconds: Double) -> String { microseconds > 0 ? time(microseconds) : "" }

  private func ordered(_ field: KeyPath<ResultRow, String>) -> [String] {
    rows.reduce(into: []) { found, row in
      if !found.contains(row[keyPath: field]) { found.append(row[keyPath: field]) }
    }
  }

  private func passes(_ rows: [ResultRow]) -> [(String, Int)] {
    rows.reduce(into: []) { found, row in
      let isFound = found.contains { $0.0 == row.workload && $0.1 == row.batch }
      if !isFound { found.append((row.workload, row.batch)) }
    }
  }

  private static func hasRatio(_ layer: String, _ layers: [String]) -> Bool { layer != "raw" && layers.contains("raw") }

  private static func width(_ layer: String, _ layers: [String]) -> Int { hasRatio(layer, layers) ? 32 : 25 }
}
