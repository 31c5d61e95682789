/// The suite's own test: every backend of ``BrokenBackend/all`` must be caught.
public enum SelfTest {
  /// Asks each broken backend until enough checks have caught it, those first whose names have words in common with
  /// its own.
  ///
  /// A check that the same backend fails without its fault would catch everybody, and counts for nobody.
  ///
  /// - Parameters:
  ///   - backends: Who is to be caught.
  ///   - checks: By which.
  ///   - enough: After so many catches the next backend comes; 1 is the quickest, `Int.max` asks everything.
  ///   - seed: For checks that draw random data.
  ///   - progress: Called after each backend.
  /// - Returns: Who was caught by which checks; by none, and the suite has a gap.
  public static func run(
    _ backends: [BrokenBackend] = BrokenBackend.all, checks: [ConformanceCheck] = ConformanceCheck.all,
    enough: Int = 2, seed: UInt64 = 1, progress: (ConformanceReport.Caught) -> Void = { _ in }
  ) async -> [ConformanceReport.Caught] {
    var sound: [[String]: Bool] = [:]
    var results: [ConformanceReport.Caught] = []
    for backend in backends {
      var caughtBy: [String] = []
      // A fault that shows only when threads meet can slip by on a busy machine; it does not three times.
      for round in 0..<UInt64(3) where caughtBy.isEmpty {
        for check in sorted(checks, for: backend) where caughtBy.count < enough && !check.isOfJobs {
          let question = [backend.control.name, check.id]
          if sound[question] == false { continue }
          if await passes(check, backend.fixture, seed: seed &+ round) { continue }
          if sound[question] == nil { sound[question] = await passes(check, backend.control, seed: seed) }
          if sound[question] == true { caughtBy.append(check.id) }
        }
      }
      let caught = ConformanceReport.Caught(name: backend.name, breaks: backend.breaks, caughtBy: caughtBy)
      results.append(caught)
      progress(caught)
    }
    return results
  }

  private static func passes(_ check: ConformanceCheck, _ fixture: BackendFixture, seed: UInt64) async -> Bool {
    do {
      try await check.runOnce(fixture, seed: seed)
      return true
    } catch {
      return false
    }
  }

  /// Most common words first, else as listed.
  private static func sorted(_ checks: [ConformanceCheck], for backend: BrokenBackend) -> [ConformanceCheck] {
    let wanted = words(backend.name)
    let ranked = checks.enumerated().map { place, check in
      (check: check, common: words(check.id).count { word in wanted.contains { alike($0, word) } }, place: place)
    }
    return ranked.sorted { ($1.common, $0.place) < ($0.common, $1.place) }.map(\.check)
  }

  /// "category" and "categories" are.
  private static func alike(_ left: Substring, _ right: Substring) -> Bool {
    left == right || left.count > 4 && right.count > 4 && left.prefix(5) == right.prefix(5)
  }

  private static func words(_ name: String) -> Set<Substring> {
    Set(name.split { $0 == "." || $0 == "-" })
  }
}
