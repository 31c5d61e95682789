import CYardsticks
import Foundation

/// Threads that start together.
enum Crew {
  /// Runs `work` on `count` threads; the clock runs from the first that starts to the last that ends, so that making them does
  /// not count.
  ///
  /// - Returns: What each gave, and how long all took.
  static func run<Part: Sendable>(
    _ count: Int, _ work: @escaping @Sendable (Int) throws -> Part
  ) throws -> (parts: [Part], nanoseconds: UInt64) {
    let gate = Gate(count)
    for index in 0..<count {
      Thread.detachNewThread {
        gate.wait()
        let start = yard_now()
        let outcome = Result { try work(index) }
        gate.leave(index, outcome.map { $0 as any Sendable }, start, yard_now())
      }
    }
    let (outcomes, nanoseconds) = gate.finish()
    return (try outcomes.compactMap { try $0.get() as? Part }, nanoseconds)
  }

  /// Has `writers` threads share `count` puts, each waiting for one before it makes the next; notes how long each waited.
  static func acknowledge(
    _ count: Int, writers: Int, _ notes: Notes, _ put: @escaping @Sendable (Int) throws -> Void
  ) throws -> Sample {
    let cpu = yard_cpu()
    let (parts, nanoseconds) = try run(writers) { writer in
      let rows = (0..<count).share(writer, of: writers)
      var waits: [UInt64] = []
      waits.reserveCapacity(rows.count)
      for row in rows {
        let since = yard_now()
        try put(row)
        waits.append(yard_now() - since)
      }
      return waits
    }
    for wait in parts.joined() { notes.note(wait) }
    return Sample(ops: count, nanoseconds: nanoseconds, cpu: yard_cpu() - cpu)
  }

  /// Where they wait for one another, before and after.
  private final class Gate: @unchecked Sendable {
    // Sendable: every field is read and written between lock and unlock of the condition.
    private let condition = NSCondition()
    private var missing: Int
    private var left: Int
    private var outcomes: [Int: Result<any Sendable, any Error>] = [:]
    private var first = UInt64.max
    private var last = UInt64.min

    init(_ count: Int) {
      missing = count
      left = count
    }

    func wait() {
      condition.lock()
      missing -= 1
      if missing == 0 { condition.broadcast() }
      while missing > 0 { condition.wait() }
      condition.unlock()
    }

    func leave(_ index: Int, _ outcome: Result<any Sendable, any Error>, _ start: UInt64, _ end: UInt64) {
      condition.lock()
      outcomes[index] = outcome
      first = min(first, start)
      last = max(last, end)
      left -= 1
      if left == 0 { condition.broadcast() }
      condition.unlock()
    }

    func finish() -> ([Result<any Sendable, any Error>], UInt64) {
      condition.lock()
      defer { condition.unlock() }
      while left > 0 { condition.wait() }
      return (outcomes.sorted { $0.key < $1.key }.map(\.value), last > first ? last - first : 0)
    }
  }
}
