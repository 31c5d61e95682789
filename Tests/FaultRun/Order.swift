import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults

/// One sweep on one engine, for a process of its own: should it die, the others go on.
struct Order: Codable, Sendable {
  var engine: String
  var level: String
  /// Its place in `FaultSweep.all`.
  var sweep: Int
  var skips: Bool
  var seed: UInt64
  var directory: String

  var text: String { (try? String(decoding: JSONEncoder().encode(self), as: UTF8.self)) ?? "" }

  private var chosen: FaultSweep? {
    let sweeps = FaultSweep.all(Durability(rawValue: level) ?? .full)
    return sweeps.indices.contains(sweep) ? sweeps[sweep] : nil
  }

  /// Runs it in this process, and prints the tally.
  func run() throws {
    guard let injector = FaultInjector.system, var sweep = chosen,
      let engine = Faults.engines.first(where: { $0.name == engine })
    else { throw CocoaError(.coderInvalidValue) }
    sweep.seed = seed
    let tally = sweep.run(
      on: BackendFixture(engine: engine, faults: injector), with: injector, in: directory, skips: skips)
    print(String(decoding: try JSONEncoder().encode(tally), as: UTF8.self))
  }
}

extension Order: CustomStringConvertible {
  init(_ text: String) throws { self = try JSONDecoder().decode(Order.self, from: Data(text.utf8)) }

  var description: String { "\(engine): \(chosen?.description ?? "no such sweep")" }
}

/// Runs orders, a few processes at once.
struct OrderRun {
  let parallel: Int

  func run(_ orders: [Order]) throws -> [FaultSweep.Tally] {
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = parallel
    let results = Locked([Int: FaultSweep.Tally]())
    for (index, order) in orders.enumerated() {
      queue.addOperation {
        let tally = Self.tally(of: order)
        results.withLock { $0[index] = tally }
      }
    }
    queue.waitUntilAllOperationsAreFinished()
    return results.withLock { results in orders.indices.map { results[$0] ?? .init() } }
  }

  private static func tally(of order: Order) -> FaultSweep.Tally {
    var failed = FaultSweep.Tally()
    failed.broken = 1
    do {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
      process.arguments = ["--order", order.text]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let text = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      if process.terminationStatus == 0 { return try JSONDecoder().decode(FaultSweep.Tally.self, from: text) }
      failed.findings = [
        "the process \(process.terminationReason == .uncaughtSignal ? "died of signal" : "ended with status") \(process.terminationStatus)"
      ]
    } catch {
      failed.findings = ["\(error)"]
    }
    return failed
  }
}
