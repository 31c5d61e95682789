import ArgumentParser
import PersistencyConformance
import PersistencyCore

struct Power: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Cut the power of the disk under a writing process, and look at what the next boot finds. Needs root.")

  @OptionGroup var arguments: TrialArguments
  @Option(help: "Cuts per engine and level.")
  var cuts = 30

  func run() throws {
    var total = TrialTally()
    for onXFS in [false, true] {
      let name = onXFS ? "xfs" : "ext4"
      if let obstacle = PowerTrial.obstacle(onXFS: onXFS) {
        print("power: NOT RUN on \(name): \(obstacle)")
        continue
      }
      let trials = try trials(onXFS)
      for (trial, tally) in zip(trials, try TrialRun(parallel: arguments.parallel).run(trials, { try $0.run() })) {
        total += tally
        print(
          "\(name) \(trial.fixture.name) \(trial.durability.rawValue) \(trial.layer.rawValue): \(tally.cycles) cuts, "
            + "lost \(tally.lost), damaged \(tally.damaged)")
        for finding in tally.findings { print(finding) }
      }
    }
    print("power: cuts=\(total.cycles) lost=\(total.lost) damaged=\(total.damaged) seed=\(arguments.seed)")
    if total.lost + total.damaged > 0 { throw ExitCode(1) }
  }

  /// Jobs on engines as they are and with small buffers, and backends by themselves; a third as many on the second file system.
  private func trials(_ onXFS: Bool) throws -> [PowerTrial] {
    let cuts = onXFS ? (cuts + 2) / 3 : cuts
    var trials: [PowerTrial] = []
    for (layer, tight) in [(TrialLayer.acknowledged, false), (.queued, true), (.raw, false), (.raw, true)] {
      for fixture in try Trials.stored(arguments.engine, tight: tight) {
        for durability in try arguments.levels() where layer != .raw || durability != .volatile {
          let share = layer == .raw ? cuts / 4 : (cuts + 1) / 2
          if share == 0 { continue }
          trials.append(
            PowerTrial(
              fixture, layer: layer, durability: durability, seed: arguments.seed &+ UInt64(trials.count), cuts: share,
              onXFS: onXFS))
        }
      }
    }
    return trials
  }
}
