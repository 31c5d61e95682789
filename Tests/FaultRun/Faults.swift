import ArgumentParser
import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite

/// Every sweep on every engine, each in a process of its own.
@main
struct Faults: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "persistency-faults",
    abstract:
      "Make each system call of each engine fail once, and look at what is left. Status 1 when a promise is broken.")

  static let engines: [Engine] = [.sqlite, .lmdb, .rocks]

  @Option(help: "One engine only.")
  var engine: String?
  @Flag(help: "Not every call, at one level only: within two minutes.")
  var quick = false
  @Option(help: "Draws the order of what is written; by default the time decides.")
  var seed: UInt64 = UInt64(Date().timeIntervalSince1970)
  @Option(help: "How many processes run at once.")
  var parallel = max(1, ProcessInfo.processInfo.activeProcessorCount)
  @Option(help: "Where the stores lie; memory by default, where there is such a place.")
  var directory = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
  /// What a process started by this one does.
  @Option(help: .hidden)
  var order: String?

  func run() throws {
    if let order { return try Order(order).run() }
    guard FaultInjector.system != nil else {
      throw ValidationError("this build makes no system call fail: it needs Linux with glibc, and no sanitizer")
    }
    let orders = try orders()
    let results = try OrderRun(parallel: parallel).run(orders)
    var total = FaultSweep.Tally()
    for (order, tally) in zip(orders, results) {
      total += tally
      print(
        "\(order): \(tally.fired) of \(tally.cases) fired, lost \(tally.lost), torn \(tally.torn), broken \(tally.broken)"
      )
      for finding in tally.findings { print("  \(finding)") }
    }
    let share = total.cases == 0 ? 0 : 100 * total.fired / total.cases
    print("fired: \(share) %; broken=\(total.broken)")
    print("faults: cases=\(total.cases) fired=\(total.fired) lost=\(total.lost) torn=\(total.torn) seed=\(seed)")
    if total.lost + total.torn + total.broken > 0 { throw ExitCode(1) }
  }

  private func orders() throws -> [Order] {
    let chosen = Self.engines.map(\.name).filter { engine == nil || $0 == engine }
    guard !chosen.isEmpty else { throw ValidationError("no stored engine is called “\(engine ?? "")”") }
    let levels: [Durability] = quick ? [.full] : Durability.allCases
    return chosen.flatMap { engine in
      levels.flatMap { level in
        FaultSweep.all(level).indices.map { sweep in
          Order(
            engine: engine, level: level.rawValue, sweep: sweep, skips: quick, seed: seed &+ UInt64(sweep),
            directory: directory)
        }
      }
    }
  }
}
