import ArgumentParser
import Foundation
import Logging
import PersistencyCore

struct Failover: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Kill and cut off a PostgreSQL primary under four writers, promote its standby, bring the old one back. Run by scripts/failover."
  )

  @Flag(help: "The primary killed, and back, once.")
  var quick = false
  @Option(help: "How often each scenario is run.")
  var rounds = 4
  @Option(help: "One scenario only: killed, cut-off, split, control.")
  var scenario: String?
  @Option(help: "Draws everything but the scheduling; by default the time decides.")
  var seed: UInt64 = UInt64(Date().timeIntervalSince1970)

  func run() async throws {
    // What it would say is what is done to it here.
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
    guard ProcessInfo.processInfo.environment["PERSISTENCY_FAILOVER"] != nil else {
      throw ValidationError("run it as scripts/failover run \(CommandLine.arguments[0]) failover")
    }
    var total = FailoverScenario.Report()
    var hasFailed = false
    for (index, kind) in try kinds().enumerated() {
      let scenario = FailoverScenario(kind: kind, seed: seed &+ UInt64(index), script: ServerScript("failover"))
      let began = ContinuousClock.now
      let report = try await scenario.run()
      print(
        "\(kind.rawValue): acked=\(report.acknowledged) lost=\(report.lost) gap_ms=\(report.gap.milliseconds) unknown=\(report.unknown) "
          + "refused=\(report.refused) reads=\(report.reads) seed=\(scenario.seed) in \((ContinuousClock.now - began).milliseconds / 1_000) s"
      )
      for finding in report.findings { print("  \(finding)") }
      fflush(nil)
      if kind == .control {
        // What it must show; without that the others prove nothing.
        if report.lost == 0 && report.refused == 0 {
          print("  the control lost nothing, and nobody was refused: the check sees nothing")
          hasFailed = true
        }
        hasFailed = hasFailed || !report.findings.isEmpty
        continue
      }
      total.acknowledged += report.acknowledged
      total.lost += report.lost
      total.gap = max(total.gap, report.gap)
      hasFailed = hasFailed || !report.findings.isEmpty || report.lost > 0
    }
    print(
      "failover: acked=\(total.acknowledged) lost=\(total.lost) gap_ms=\(total.gap.milliseconds) seed=\(seed)")
    if hasFailed { throw ExitCode(1) }
  }

  private func kinds() throws -> [FailoverScenario.Kind] {
    if let scenario {
      guard let kind = FailoverScenario.Kind(rawValue: scenario) else {
        throw ValidationError("no scenario is called “\(scenario)”")
      }
      return Array(repeating: kind, count: rounds)
    }
    if quick { return [.killed] }
    return (0..<rounds).flatMap { _ in FailoverScenario.Kind.allCases }
  }
}

extension Duration {
  var milliseconds: Int {
    Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
