import ArgumentParser
import Foundation
import PersistencyConformance
import PersistencyCore

struct Crash: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Kill a writing process, at random moments and at chosen system calls, and look at what it left.")

  @OptionGroup var arguments: TrialArguments
  @Option(help: "Kills per engine, level and layer.")
  var cycles = 50
  @Option(help: "One layer only: raw, acknowledged, queued.")
  var layer: String?

  func run() throws {
    let trials = try self.trials()
    let results = try TrialRun(parallel: arguments.parallel).run(trials) { trial in try trial.run() }
    var total = TrialTally()
    for (trial, tally) in zip(trials, results) {
      total += tally
      print(
        "\(trial.fixture.name) \(trial.durability.rawValue) \(trial.layer.rawValue): \(tally.cycles) kills, "
          + "\(tally.atSystemCalls) at a system call, \(tally.missed) too late, lost \(tally.lost), damaged \(tally.damaged)"
      )
      for finding in tally.findings { print(finding) }
    }
    print("crash: cycles=\(total.cycles) lost=\(total.lost) torn=\(total.damaged) seed=\(arguments.seed)")
    if total.lost + total.damaged > 0 { throw ExitCode(1) }
  }

  /// Half of each with the engines as they are, half with small buffers.
  private func trials() throws -> [CrashTrial] {
    let layers = try layer.map { name in
      guard let layer = TrialLayer(rawValue: name) else { throw ValidationError("no layer is called “\(name)”") }
      return [layer]
    }
    var trials: [CrashTrial] = []
    for tight in [false, true] {
      for fixture in try Trials.stored(arguments.engine, tight: tight) {
        for durability in try arguments.levels() where fixture.capabilities.durability.contains(durability) {
          for layer in layers ?? TrialLayer.allCases {
            // The two ways to write through a job are one layer.
            let share = layers == nil && layer != .raw ? (cycles + 1) / 2 : cycles
            trials.append(
              CrashTrial(
                fixture, layer: layer, durability: durability, seed: arguments.seed &+ UInt64(trials.count),
                cycles: tight ? share / 2 : (share + 1) / 2))
          }
        }
      }
    }
    return trials
  }
}
