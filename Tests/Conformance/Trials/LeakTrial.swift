import Foundation
import PersistencyCore

/// Opens and closes by the thousand, in a process of its own, and counts what stays: on one layer of one engine.
public struct LeakTrial: Sendable {
  public let fixture: BackendFixture
  /// ``TrialLayer/raw``, or any other for jobs.
  public let layer: TrialLayer
  public let seed: UInt64
  public let cycles: Int

  public init(_ fixture: BackendFixture, layer: TrialLayer, seed: UInt64, cycles: Int) {
    self.fixture = fixture
    self.layer = layer
    self.seed = seed
    self.cycles = cycles
  }

  /// Why nothing can be counted here; nil when it can.
  public static var obstacle: String? {
    FileManager.default.fileExists(atPath: "/proc/self/fd")
      ? nil : "this system does not list what a process has open as Linux does"
  }

  /// Runs, and blocks the thread meanwhile: 5 to 50 ms a cycle.
  ///
  /// - Throws: when the trial cannot be made; what it finds is in the report.
  public func run() throws -> LeakReport {
    guard let program = fixture.writer else { throw TrialFailure("the fixture has no program to open stores in") }
    let place = try TrialPlace.make(inMemory: true)
    defer { place.remove() }
    var order = TrialOrder(
      task: .leak, engine: fixture.name, layer: layer, level: Durability.consistent.rawValue, directory: place.store,
      script: TrialScript(seed: 0, lanes: 0, window: 0))
    order.run = seed
    order.cycles = cycles
    let child = try ChildProcess(try program.words(for: order), errors: place.log)
    let lines = child.readToEnd(within: 840)
    let ending = child.wait()
    guard ending == .exited(0), let last = lines.last,
      let report = try? JSONDecoder().decode(LeakReport.self, from: Data(last.utf8))
    else {
      var report = LeakReport()
      report.findings = ["the process that opened and closed ended: \(ending)"]
      return report
    }
    return report
  }
}
