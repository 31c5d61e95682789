import Foundation

/// The tables of a report in Markdown.
struct MarkdownTables {
  let report: MeasureReport

  private var rows: [ResultRow] { report.rows }

  var lines: [String] {
    let (machine, versions, settings) = (report.header.machine, report.header.versions, report.header.settings)
    var lines = [
      "\(report.header.date), commit \(report.header.commit): \(machine.processor), \(machine.cores) cores, "
        + "\(machine.system), \(machine.kernel), \(machine.fileSystem); Swift \(versions.swift), SQLite \(versions.sqlite), "
        + "LMDB \(versions.lmdb), RocksDB \(versions.rocksDB). \(settings.rows) rows, keys of \(settings.keyBytes) bytes, "
        + "payloads of \(settings.payloadBytes), durability `\(settings.durability)`, median of \(settings.rounds) rounds."
    ]
    for engine in unique(rows.map(\.engine)) { lines += ["", "### \(engine)", ""] + table(engine) }
    if !report.stores.isEmpty { lines += ["", "### Space", ""] + space }
    if !report.growth.isEmpty { lines += ["", "### Growth, µs an op", ""] + growth }
    if !report.figures.isEmpty { lines += ["", "### Figures", ""] + promised }
    return lines
  }

  private func table(_ engine: String) -> [String] {
    let mine = rows.filter { $0.engine == engine }
    let layers = unique(mine.map(\.layer))
    let head = layers.flatMap { layer in
      ["\(layer) ops/s", "p50 µs", "p99 µs"] + (layer == "raw" || !layers.contains("raw") ? [] : ["× raw"])
    }
    var lines = [
      "| workload | batch | " + head.joined(separator: " | ") + " |",
      "|---|---|" + String(repeating: "---|", count: head.count),
    ]
    for pass in unique(mine.map { "\($0.workload) | \($0.batch)" }) {
      let cells = layers.flatMap { layer -> [String] in
        let row = mine.first { $0.layer == layer && "\($0.workload) | \($0.batch)" == pass }
        let latencies = [row?.p50, row?.p99].map { $0.flatMap { $0 > 0 ? time($0) : nil } ?? "" }
        let ratio = layer == "raw" || !layers.contains("raw") ? [] : [row?.ratio.map { formatted($0, 2) } ?? ""]
        return [row.map { rate($0.opsPerSecond).trimmingCharacters(in: .whitespaces) } ?? ""] + latencies + ratio
      }
      lines.append("| \(pass) | " + cells.joined(separator: " | ") + " |")
    }
    return lines
  }

  private var space: [String] {
    [
      "| engine | layer | on disk, × data | written, × data | memory | a job | descriptors a job |",
      "|---|---|---|---|---|---|---|",
    ]
      + report.stores.map { store in
        let cells = [
          store.engine, store.layer, store.spaceAmplification.map { formatted($0, 1) } ?? "",
          store.writeAmplification.map { formatted($0, 1) } ?? "", store.anonymousBytes.map(bytes) ?? "",
          store.bytesPerJob.map(bytes) ?? "", store.descriptorsPerJob.map { formatted($0, 1) } ?? "",
        ]
        return "| " + cells.joined(separator: " | ") + " |"
      }
  }

  private var growth: [String] {
    let sizes = Set(report.growth.map(\.rows)).sorted()
    let lines = unique(report.growth.map { "\($0.engine) | \($0.layer) | \($0.workload)" }).map { name in
      let cells = sizes.map { size in
        report.growth.first { $0.rows == size && "\($0.engine) | \($0.layer) | \($0.workload)" == name }
          .map { $0.opsPerSecond > 0 ? time(1e6 / $0.opsPerSecond) : "" } ?? ""
      }
      return "| \(name) | " + cells.joined(separator: " | ") + " |"
    }
    return [
      "| engine | layer | workload | " + sizes.map { "\($0) rows" }.joined(separator: " | ") + " |",
      "|---|---|---|" + String(repeating: "---|", count: sizes.count),
    ] + lines
  }

  private var promised: [String] {
    ["| engine | figure | measured | due | |", "|---|---|---|---|---|"]
      + report.figures.map { figure in
        "| \(figure.engine) | \(figure.name) | \(Figure.text(figure.value)) \(figure.unit) | \(figure.boundText) | "
          + "\(figure.isReached ? "" : "missed") |"
      }
  }

  private func unique(_ names: [String]) -> [String] {
    names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
