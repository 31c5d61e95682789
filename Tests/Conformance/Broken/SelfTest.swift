/// The suite's own test: every backend of ``BrokenBackend/all`` must be caught.
public enum SelfTest {
  /// Asks each broken backend what is cheap to ask, and, if that was not enough, the rest until it is caught.
  ///
  /// - Parameter progress: Called after each backend.
  /// - Returns: Who was caught by which checks; by none, and the suite has a gap.
  public static func run(
    _ backends: [BrokenBackend] = BrokenBackend.all, checks: [ConformanceCheck] = ConformanceCheck.all,
    seed: UInt64 = 1, progress: (ConformanceReport.Caught) -> Void = { _ in }
  ) async -> [ConformanceReport.Caught] {
    let (cheap, dear) = await sorted(checks, seed: seed)
    var results: [ConformanceReport.Caught] = []
    for backend in backends {
      var caughtBy: [String] = []
      for check in cheap where await catches(check, backend, seed: seed) { caughtBy.append(check.id) }
      for check in dear where caughtBy.isEmpty {
        if await catches(check, backend, seed: seed) { caughtBy.append(check.id) }
      }
      let caught = ConformanceReport.Caught(name: backend.name, breaks: backend.breaks, caughtBy: caughtBy)
      results.append(caught)
      progress(caught)
    }
    return results
  }

  private static func catches(_ check: ConformanceCheck, _ backend: BrokenBackend, seed: UInt64) async -> Bool {
    do {
      try await check.run(backend.fixture, seed: seed)
      return false
    } catch {
      return true
    }
  }

  /// Those that take a few milliseconds on the yardstick, and the others from cheap to dear, each tier after the one
  /// before it.
  private static func sorted(
    _ checks: [ConformanceCheck], seed: UInt64
  ) async -> (cheap: [ConformanceCheck], dear: [ConformanceCheck]) {
    let clock = ContinuousClock()
    var timed: [(check: ConformanceCheck, time: Duration)] = []
    for check in checks {
      let begin = clock.now
      try? await check.run(.reference, seed: seed)
      timed.append((check, clock.now - begin))
    }
    let limit = Duration.milliseconds(10)
    let tiers = ConformanceTier.allCases
    let rank = { (check: ConformanceCheck) in tiers.firstIndex(of: check.tier) ?? tiers.count }
    let dear = timed.filter { $0.time >= limit }.sorted {
      (rank($0.check), $0.time) < (rank($1.check), $1.time)
    }
    return (timed.filter { $0.time < limit }.map(\.check), dear.map(\.check))
  }
}
