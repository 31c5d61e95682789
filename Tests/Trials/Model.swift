import ArgumentParser
import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults

struct Model: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Play random histories on every engine at once, with reopens, kills, copies and failing system calls, against sorted rows."
  )

  @Option(help: "How many histories.")
  var sequences = 20_000
  @Option(help: "Calls of each.")
  var steps = 40
  @Option(help: "The first history's seed, the next ones count on; by default the time decides.")
  var seed: UInt64 = UInt64(Date().timeIntervalSince1970)
  @Option(help: "How many are played at once.")
  var parallel = max(1, ProcessInfo.processInfo.activeProcessorCount)

  func run() throws {
    // Half of them with small buffers, maps and caches.
    let fixtures = [false, true].map { tight in
      Trials.engines(tight: tight).map { BackendFixture(engine: $0, faults: .system) }
    }
    let seeds = (0..<sequences).map { seed &+ UInt64($0) }
    let results = try TrialRun(parallel: parallel).run(seeds) { seed -> (tally: HistoryTally, failure: String?) in
      do {
        return (try DifferentialRun.run(fixtures: fixtures[Int(seed % 2)], seed: seed, steps: steps), nil)
      } catch let failure as ConformanceFailure {
        return (HistoryTally(), failure.description)
      }
    }
    var (total, failures) = (HistoryTally(), 0)
    for (tally, failure) in results {
      total += tally
      guard let failure else { continue }
      failures += 1
      // One tells enough when a thousand fail alike.
      if failures <= 10 { print(failure) }
    }
    print(
      "model: sequences=\(total.histories + failures) calls=\(total.calls) engines=\(fixtures[0].count) reopens=\(total.reopened) "
        + "crashes=\(total.crashed) copies=\(total.copied) faults=\(total.faults) failed=\(total.failed) "
        + "divergences=\(failures) seed=\(seed)")
    if failures > 0 { throw ExitCode(1) }
  }
}
