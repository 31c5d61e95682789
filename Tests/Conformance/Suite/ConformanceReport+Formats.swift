public import PersistencyCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ConformanceReport {
  /// The report as JSON, keys sorted.
  public func json() throws(PersistencyError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(self))
    } catch {
      throw PersistencyError(.invalidArgument, "the report does not encode: \(error)")
    }
  }

  /// A report that ``json()`` wrote.
  public init(json: [UInt8]) throws(PersistencyError) {
    do {
      self = try JSONDecoder().decode(ConformanceReport.self, from: Data(json))
    } catch {
      throw PersistencyError(.invalidArgument, "no conformance report: \(error)")
    }
  }

  /// The report to read: a table of adapters, what each broke, then every rule with its outcomes.
  public var markdown: String {
    var lines = ["# Conformance", "", "\(rules) rules, \(cases) cases.", ""]
    lines += Self.table(
      ["adapter", "engine", "passed", "failed", "not applicable", "seconds", "seed"],
      adapters.map { adapter in
        [
          adapter.name, adapter.engineVersion, "\(adapter.passed)", "\(adapter.failed)", "\(adapter.notApplicable)",
          Self.rounded(adapter.seconds), "\(adapter.seed)",
        ]
      })
    lines += ["", "## What they declare", ""]
    lines += Self.table(
      ["adapter", "persistent", "durability", "read-only beside a writer", "open format", "maintenance", "remote"],
      adapters.map { adapter in
        let declared = adapter.capabilities
        return [
          adapter.name, Self.word(declared.persistent), declared.durability.joined(separator: ", "),
          Self.word(declared.readOnlyBesideWriter), Self.word(declared.openFormat),
          declared.maintenance.joined(separator: ", "), Self.word(declared.remote),
        ]
      })
    for adapter in adapters { lines += Self.exceptions(of: adapter) }
    lines += ["", "## Every rule", "", "Asked on the bare backend and through a job, unless one of them is named.", ""]
    lines += ruleTable
    if let selfTest {
      lines += ["", "## The suite's own test: backends broken on purpose", ""]
      lines += Self.table(
        ["backend", "breaks", "caught by"],
        selfTest.map { [$0.name, $0.breaks, $0.caughtBy.isEmpty ? "**nobody**" : $0.caughtBy.joined(separator: ", ")] })
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func exceptions(of adapter: Adapter) -> [String] {
    var lines: [String] = []
    for (outcome, title) in [(Outcome.failed, "breaks"), (.notApplicable, "is not asked")] {
      let found = adapter.checks.filter { $0.outcome == outcome }
      guard !found.isEmpty else { continue }
      lines += ["", "## What \(adapter.name) \(title)", ""]
      lines += found.map { "- `\($0.id)` \(cell($0.rule)): \(cell($0.message))" }
    }
    return lines
  }

  private var ruleTable: [String] {
    var order: [Check] = []
    var marks: [String: [String: String]] = [:]
    for adapter in adapters {
      for check in adapter.checks {
        if marks[check.id] == nil { order.append(check) }
        marks[check.id, default: [:]][adapter.name] = Self.mark(check)
      }
    }
    return Self.table(
      ["check", "rule", "paragraph", "tier"] + adapters.map(\.name),
      order.map { check in
        ["`\(check.id)`", check.rule, check.paragraph, check.tier.rawValue]
          + adapters.map { marks[check.id]?[$0.name] ?? "" }
      })
  }

  private static func table(_ head: [String], _ rows: [[String]]) -> [String] {
    ([head, head.map { _ in "---" }] + rows).map { "| " + $0.map(cell).joined(separator: " | ") + " |" }
  }

  /// What both faces have passed needs no mark.
  private static func mark(_ check: Check) -> String {
    let words: [Outcome: String] = [.passed: "yes", .failed: "**no**", .notApplicable: "n/a"]
    let word = words[check.outcome] ?? ""
    let passed = check.faces.filter { $0.outcome == .passed }.map(\.face.rawValue)
    return check.outcome == .passed && passed.count == 1 ? "\(word) (\(passed[0]))" : word
  }

  /// Text that stays in its cell and on its line.
  private static func cell(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: " ")
      .split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
  }

  private static func word(_ holds: Bool) -> String { holds ? "yes" : "no" }

  private static func rounded(_ seconds: Double) -> String { "\((seconds * 100).rounded() / 100)" }
}
