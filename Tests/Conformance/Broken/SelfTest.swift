/// The suite's own test: every backend of ``BrokenBackend/all`` must be caught.
public enum SelfTest {
  /// Asks each broken backend until enough checks have caught it: first those whose names have words in common with
  /// its own, and of those the cheap ones.
  ///
  /// - Parameters:
  ///   - enough: After so many catches the next backend comes; 1 is the quickest, `Int.max` asks everything.
  ///   - progress: Called after each backend.
  /// - Returns: Who was caught by which checks; by none, and the suite has a gap.
  public static func run(
    _ backends: [BrokenBackend] = BrokenBackend.all, checks: [ConformanceCheck] = ConformanceCheck.all,
    enough: Int = 2, seed: UInt64 = 1, progress: (ConformanceReport.Caught) -> Void = { _ in }
  ) async -> [ConformanceReport.Caught] {
    let sound = await timed(checks, seed: seed)
    var results: [ConformanceReport.Caught] = []
    for backend in backends {
      var caughtBy: [String] = []
      for (check, time) in sorted(sound, for: backend) where caughtBy.count < enough {
        // One catch is all that a dear check is worth.
        if !caughtBy.isEmpty && time > .milliseconds(10) && enough < .max { continue }
        if await !passes(check, backend.fixture, seed: seed) { caughtBy.append(check.id) }
      }
      let caught = ConformanceReport.Caught(name: backend.name, breaks: backend.breaks, caughtBy: caughtBy)
      results.append(caught)
      progress(caught)
    }
    return results
  }

  private typealias Timed = (check: ConformanceCheck, time: Duration)

  private static func passes(_ check: ConformanceCheck, _ fixture: BackendFixture, seed: UInt64) async -> Bool {
    do {
      try await check.run(fixture, seed: seed)
      return true
    } catch {
      return false
    }
  }

  /// The checks that pass on the yardstick, with the time that takes; one that does not would catch everybody.
  private static func timed(_ checks: [ConformanceCheck], seed: UInt64) async -> [Timed] {
    let clock = ContinuousClock()
    var timed: [Timed] = []
    for check in checks {
      let begin = clock.now
      if await passes(check, .reference, seed: seed) { timed.append((check, clock.now - begin)) }
    }
    return timed
  }

  private static func sorted(_ checks: [Timed], for backend: BrokenBackend) -> [Timed] {
    let wanted = words(backend.name)
    let ranked = checks.map { (timed: $0, common: words($0.check.id).intersection(wanted).count) }
    return ranked.sorted { ($1.common, $0.timed.time) < ($0.common, $1.timed.time) }.map(\.timed)
  }

  private static func words(_ name: String) -> Set<Substring> {
    Set(name.split { $0 == "." || $0 == "-" })
  }
}
