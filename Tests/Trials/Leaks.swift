import ArgumentParser
import Foundation
import PersistencyConformance
import PersistencyCore

struct Leaks: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Open and close stores and jobs by the thousand, and count what stays.")

  @Option(help: "One engine only.")
  var engine: String?
  @Option(help: "Openings per engine and layer.")
  var cycles = 2_000
  @Option(help: "Draws levels, jobs and how they are closed; by default the time decides.")
  var seed: UInt64 = UInt64(Date().timeIntervalSince1970)
  @Option(help: "How many trials run at once.")
  var parallel = max(1, ProcessInfo.processInfo.activeProcessorCount)

  func run() throws {
    // A cache that is full from the start: one that fills looks like a leak.
    let engines = Trials.engines(tight: true).filter { engine == nil || $0.name == engine }
    let trials = engines.flatMap { engine in
      [TrialLayer.raw, .queued].map { layer in
        LeakTrial(
          BackendFixture(engine: engine, writer: Trials.program(tight: true)), layer: layer, seed: seed, cycles: cycles)
      }
    }
    var (total, isClean) = (LeakReport(), true)
    for (trial, report) in zip(trials, try TrialRun(parallel: parallel).run(trials, { try $0.run() })) {
      total.cycles += report.cycles
      total.descriptors += abs(report.descriptors)
      total.threads += abs(report.threads)
      total.mappings += abs(report.mappings)
      total.slope = max(total.slope, report.slope)
      isClean = isClean && report.isClean
      print(
        "\(trial.fixture.name) \(trial.layer == .raw ? "raw" : "job"): \(report.cycles) cycles, descriptors "
          + "\(report.descriptors), threads \(report.threads), mappings \(report.mappings), \(Int(report.slope)) bytes a cycle"
      )
      for finding in report.findings { print("  \(finding)") }
    }
    let slope = String(format: "%.3f", total.slope / 1_024)
    print(
      "leaks: cycles=\(total.cycles) fds=\(total.descriptors) threads=\(total.threads) maps=\(total.mappings) "
        + "slope=\(slope) seed=\(seed)")
    if !isClean { throw ExitCode(1) }
  }
}
