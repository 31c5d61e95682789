import CYardsticks
import Synchronization

/// What one of several readers saw, and when.
struct Reading: Sendable {
  var tally = Tally()
  var latencies: [UInt64] = []
  private var start = UInt64.max
  private var end = UInt64.min

  mutating func timing<R>(_ work: (inout Reading) throws -> R) rethrows -> R {
    start = yard_now()
    defer { end = yard_now() }
    return try work(&self)
  }

  mutating func timing<R>(_ work: (inout Reading) async throws -> R) async rethrows -> R {
    start = yard_now()
    defer { end = yard_now() }
    return try await work(&self)
  }

  /// What all saw together, from the first that began to the last that ended; one that only wrote saw nothing.
  static func total(_ parts: [Reading], ops: Int, _ notes: Notes, cpu: UInt64) -> (Tally, Sample) {
    var tally = Tally()
    for part in parts {
      tally += part.tally
      for each in part.latencies { notes.note(each) }
    }
    let start = parts.map(\.start).min() ?? 0
    let end = parts.map(\.end).max() ?? 0
    return (tally, Sample(ops: ops, nanoseconds: end > start ? end - start : 0, cpu: cpu))
  }
}

/// Counts readers down, so that the writer beside them knows when to stop.
final class Countdown: Sendable {
  private let left: Atomic<Int>

  init(_ count: Int) { left = Atomic(count) }

  var isRunning: Bool { left.load(ordering: .relaxed) > 0 }

  func countDown() { left.subtract(1, ordering: .relaxed) }
}
