import Foundation

/// The results for a terminal of 100 columns: a table an engine, and one that compares them.
struct TableReport {
  let header: RunHeader
  let rows: [ResultRow]

  var text: String {
    var lines = preamble
    for engine in ordered(\.engine) { lines += [""] + table(engine) }
    if ordered(\.engine).count > 1 { lines += [""] + comparison }
    return lines.joined(separator: "\n")
  }

  // MARK: Parts

  private var preamble: [String] {
    let machine = header.machine
    let versions = header.versions
    let settings = header.settings
    return [
      "persistency-bench \(versions.persistency) · \(header.date) · \(machine.processor), \(machine.cores) cores, "
        + "\(machine.memoryBytes >> 30) GiB",
      "\(machine.system) · \(machine.kernel) · \(machine.fileSystem) · Swift \(versions.swift) · SQLite \(versions.sqlite)"
        + " · LMDB \(versions.lmdb) · RocksDB \(versions.rocksDB.isEmpty ? "not run" : versions.rocksDB)",
      "\(settings.rows) rows, keys of \(settings.keyBytes) bytes, payloads of \(settings.payloadBytes), durability "
        + "\(settings.durability), caches of \(settings.cacheBytes >> 20) MiB, seed \(settings.seed), "
        + "median of \(settings.rounds)",
      "Latencies are microseconds a call (a commit, a get, a scan, a count; a row where all are visited).",
    ]
  }

  private func table(_ engine: String) -> [String] {
    let mine = rows.filter { $0.engine == engine }
    let layers = Layer.allCases.map(\.rawValue).filter { layer in mine.contains { $0.layer == layer } }
    var first = Self.left(engine, 13) + Self.right("", 6)
    var second = Self.left("", 13) + Self.right("batch", 6)
    for layer in layers {
      let width = Self.width(layer, layers)
      first += "  " + Self.left(layer + " " + String(repeating: "─", count: max(0, width - layer.count - 3)), width - 2)
      second += Self.right("ops/s", 9) + Self.right("p50", 8) + Self.right("p99", 8)
      if Self.hasRatio(layer, layers) { second += Self.right("× raw", 7) }
    }
    var lines = [first, second]
    for (workload, batch) in passes(mine) {
      var line = Self.left(workload, 13) + Self.right(String(batch), 6)
      for layer in layers {
        guard let row = mine.first(where: { $0.workload == workload && $0.batch == batch && $0.layer == layer }) else {
          line += Self.left("", Self.width(layer, layers))
          continue
        }
        line += Self.right(Self.rate(row.opsPerSecond), 9) + Self.right(Self.time(row.p50), 8)
        line += Self.right(Self.time(row.p99), 8)
        if Self.hasRatio(layer, layers) {
          line += Self.right(row.ratio.map { String(format: "%.2f", $0) } ?? "", 7)
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
      Self.left("\(layer), ops/s", 13) + Self.right("batch", 6) + engines.map { Self.right($0, 10) }.joined()
    ]
    for (workload, batch) in passes(mine) {
      var line = Self.left(workload, 13) + Self.right(String(batch), 6)
      for engine in engines {
        let row = mine.first { $0.engine == engine && $0.workload == workload && $0.batch == batch }
        line += Self.right(row.map { Self.rate($0.opsPerSecond) } ?? "", 10)
      }
      lines.append(line)
    }
    return lines
  }

  // MARK: Text

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

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func rate(_ perSecond: Double) -> String {
    switch perSecond {
    case 1e6...: String(format: perSecond < 1e7 ? "%.2f M" : "%.1f M", perSecond / 1e6)
    case 1e3...: String(format: perSecond < 1e4 ? "%.2f k" : perSecond < 1e5 ? "%.1f k" : "%.0f k", perSecond / 1e3)
    default: String(format: "%.0f  ", perSecond)
    }
  }

  private static func time(_ microseconds: Double) -> String {
    switch microseconds {
    case ..<1: String(format: "%.3f", microseconds)
    case ..<10: String(format: "%.2f", microseconds)
    case ..<1000: String(format: "%.1f", microseconds)
    default: String(format: "%.0f", microseconds)
    }
  }
}
