import Foundation
import PersistencyCore

/// The child that opens and closes, in a process where nothing else happens.
struct LeakRun: Sendable {
  /// How often the cycles are run while memory grows with them.
  private static let repeats = 4

  let order: TrialOrder
  let engine: Engine

  func run() async -> LeakReport {
    var report = LeakReport()
    do {
      try await measure(&report)
    } catch {
      report.findings.append("\(error)")
    }
    return report
  }

  private func measure(_ report: inout LeakReport) async throws {
    let cycle: any LeakCycle =
      order.layer.isJob
      ? JobLeakCycle(order: order, engine: engine) : RawLeakCycle(order: order, engine: engine)
    // What is made once and kept (pools, caches, the C libraries' own) is made by the first ones; allocators take a few hundred.
    let warm = max(order.cycles / 10, min(order.cycles, 250))
    for number in 0..<warm { try await cycle.run(number) }
    let before = try await settled()
    // What an allocator takes for its threads on a busy machine comes in a few steps, any of which may fall into the half that is
    // looked at; what leaks comes again with the next openings. So growth is believed only when it does not end.
    for _ in 0..<Self.repeats {
      report.slope = try await slope(of: cycle, from: warm + report.cycles)
      report.cycles += order.cycles
      if report.slope < LeakReport.slopeLimit { break }
    }
    var now = try await settled()
    // Threads that have done their work take a moment to go.
    for _ in 0..<100 where now.threads.count > before.threads.count || now.pooled > Holdings.mostPooled {
      try await Task.sleep(for: .milliseconds(100))
      now = try Holdings.now()
    }
    report.descriptors = now.descriptors.count - before.descriptors.count
    report.threads = now.threads.count - before.threads.count + max(0, now.pooled - Holdings.mostPooled)
    report.mappings = now.mappings.count - before.mappings.count
    let lists = [
      (now.descriptors, before.descriptors), (now.threads, before.threads), (now.mappings, before.mappings),
    ]
    if !report.isClean { report.findings += lists.flatMap { Holdings.differences($0, $1) } }
  }

  /// Runs the cycles once, and looks at the last half of them.
  private func slope(of cycle: any LeakCycle, from first: Int) async throws -> Double {
    var resident: [(cycle: Double, bytes: Double)] = []
    for number in 0..<order.cycles {
      try await cycle.run(first + number)
      if number >= order.cycles / 2 { resident.append((Double(number), Double(try Holdings.resident()))) }
    }
    return Self.slope(resident)
  }

  /// What is held when nothing has changed for a moment.
  private func settled() async throws -> Holdings {
    var last = try Holdings.now()
    for _ in 0..<50 {
      try await Task.sleep(for: .milliseconds(50))
      let now = try Holdings.now()
      // A pool may grow and shrink at any time.
      if (now.descriptors, now.threads, now.mappings) == (last.descriptors, last.threads, last.mappings) { return now }
      last = now
    }
    return last
  }

  private static func slope(_ points: [(cycle: Double, bytes: Double)]) -> Double {
    let count = Double(points.count)
    guard count > 1 else { return 0 }
    let x = points.reduce(0) { $0 + $1.cycle } / count
    let y = points.reduce(0) { $0 + $1.bytes } / count
    let xy = points.reduce(0) { $0 + ($1.cycle - x) * ($1.bytes - y) }
    let xx = points.reduce(0) { $0 + ($1.cycle - x) * ($1.cycle - x) }
    return xx > 0 ? xy / xx : 0
  }
}

/// One opening, some use, and one closing.
protocol LeakCycle: Sendable {
  func run(_ number: Int) async throws
}

extension LeakCycle {
  /// Runs what must fail, and with which kind of error.
  func expect(_ kind: PersistencyError.Kind, _ what: String, _ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let error as PersistencyError where error.kind == kind {
      return
    } catch {
      throw TrialFailure("\(what) threw \(error), not .\(kind.rawValue)")
    }
    throw TrialFailure("\(what) succeeded")
  }
}
