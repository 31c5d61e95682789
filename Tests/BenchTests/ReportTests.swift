import Foundation
import Testing

@Suite("What the benchmark reports")
struct ReportTests {
  @Test("Every workload runs on every engine and layer, its results proven, and all are in the JSON")
  func everyWorkload() throws {
    try Bench.inFreshFolder { bench in
      let json = bench.path("report.json")
      let process = try bench.start(
        ["--quick", "--growth", "500", "--growth", "1000", "--json", json, "--html", bench.path("report.html")]
          + Bench.small)
      process.waitUntilExit()
      let outcome = try bench.outcome(of: process)
      #expect(outcome.status == 0, "\(outcome.error)")
      let report = try Self.json(json)
      let rows = try #require(report["rows"] as? [[String: Any]])
      let names = Set(rows.compactMap { $0["workload"] as? String })
      #expect(names.count == 31)
      for engine in ["sqlite", "lmdb", "rocks"] {
        for layer in ["raw", "backend", "job"] {
          let mine = rows.filter { $0["engine"] as? String == engine && $0["layer"] as? String == layer }
          #expect(Set(mine.compactMap { $0["workload"] as? String }) == names)
        }
      }
      for field in [
        "batch", "durability", "ops", "seconds", "ops_per_second", "p50_us", "p99_us", "p999_us", "cpu_seconds",
      ] {
        #expect(rows.allSatisfy { $0[field] != nil }, "\(field)")
      }
      #expect(rows.allSatisfy { ($0["ops"] as? Int ?? 0) > 0 })
      let stores = try #require(report["stores"] as? [[String: Any]])
      #expect(stores.contains { ($0["bytes_on_disk"] as? Int ?? 0) > 0 })
      #expect((report["growth"] as? [Any])?.isEmpty == false)
      #expect((report["figures"] as? [Any])?.isEmpty == false)

      let page = try String(contentsOfFile: bench.path("report.html"), encoding: .utf8)
      #expect(page.contains("</html>"))
      // It opens from disk without a network: nothing is fetched.
      #expect(page.firstMatch(of: /(src|href)=|@import|url\(|fetch\(/) == nil)
      #expect(try bench.leftovers().isEmpty)
    }
  }

  @Test("A report compared with itself has no regressions, and one with a slow row fails and names it")
  func comparison() throws {
    try Bench.inFreshFolder { bench in
      let (before, after) = (bench.path("before.json"), bench.path("after.json"))
      let run = try bench(
        "--engine", "memory", "--workload", "readrandom", "--rows", "1000", "--rounds", "1", "--seconds", "0.001",
        "--json", before)
      #expect(run.status == 0, "\(run.error)")
      #expect(try bench("compare", before, before).status == 0)

      var report = try Self.json(before)
      var rows = try #require(report["rows"] as? [[String: Any]])
      rows[0]["ops_per_second"] = (rows[0]["ops_per_second"] as? Double ?? 0) / 2
      report["rows"] = rows
      try JSONSerialization.data(withJSONObject: report).write(to: URL(fileURLWithPath: after))
      let outcome = try bench("compare", before, after)
      #expect(outcome.status != 0)
      #expect(outcome.error.contains("slower: memory backend readrandom"))
      #expect(try bench("compare", before, after, "--threshold", "150").status == 0)
      #expect(try bench("compare", after, before).status == 0)
    }
  }

  @Test("Tables go between their marks, and the rest of the document stays")
  func tables() throws {
    try Bench.inFreshFolder { bench in
      let (json, document) = (bench.path("a.json"), bench.path("a.md"))
      let run = try bench(
        "--engine", "memory", "--workload", "readrandom", "--rows", "1000", "--rounds", "1", "--seconds", "0.001",
        "--json",
        json)
      #expect(run.status == 0, "\(run.error)")
      try Data("before\n<!-- tables: begin -->\nold\n<!-- tables: end -->\nafter\n".utf8)
        .write(to: URL(fileURLWithPath: document))
      #expect(try bench("tables", json, document).status == 0)
      let text = try String(contentsOfFile: document, encoding: .utf8)
      #expect(text.hasPrefix("before\n<!-- tables: begin -->\n"))
      #expect(text.hasSuffix("<!-- tables: end -->\nafter\n"))
      #expect(text.contains("| readrandom | 1 |"))
      #expect(!text.contains("old"))
    }
  }

  @Test("The facade's figures are measured on every engine", arguments: ["sqlite", "lmdb", "rocks", "memory"])
  func facade(_ engine: String) throws {
    try Bench.inFreshFolder { bench in
      let json = bench.path("facade.json")
      let outcome = try bench(
        "facade", "--quick", "--engine", engine, "--rows", "2000", "--seconds", "0.001", "--json", json)
      #expect(outcome.status == 0, "\(outcome.error)")
      let figures = try #require(try Self.json(json)["figures"] as? [[String: Any]])
      #expect(figures.count >= 14)
      let gets = figures.first { ($0["name"] as? String ?? "").hasPrefix("concurrent gets") }
      #expect(gets?["reached"] as? Bool == true)
      let queue = figures.first { ($0["name"] as? String ?? "").hasPrefix("queue's high-water") }
      #expect(queue?["reached"] as? Bool == true)
    }
  }

  private static func json(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }
}
