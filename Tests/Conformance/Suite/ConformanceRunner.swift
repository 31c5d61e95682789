/// Asks every check of every fixture, and reports.
///
/// ```swift
/// let report = await ConformanceRunner(fixtures: [mine]).run { print($0.adapter, $0.check, $0.outcome) }
/// ```
public struct ConformanceRunner: Sendable {
  public var fixtures: [BackendFixture]
  public var checks: [ConformanceCheck]
  /// Which tiers are asked.
  public var tiers: Set<ConformanceTier>
  /// For checks that draw random data.
  public var seed: UInt64
  /// Whether the deliberately broken backends are run too.
  public var selfTest: Bool

  public init(
    fixtures: [BackendFixture], checks: [ConformanceCheck] = ConformanceCheck.everything,
    tiers: Set<ConformanceTier> = ConformanceTier.standard, seed: UInt64 = 1, selfTest: Bool = false
  ) {
    self.fixtures = fixtures
    self.checks = checks
    self.tiers = tiers
    self.seed = seed
    self.selfTest = selfTest
  }

  /// One answered question of a run.
  public struct Step: Hashable, Sendable {
    public let adapter: String
    public let check: String
    public let outcome: ConformanceReport.Outcome
    public let message: String
    /// How many are answered, of how many.
    public let done: Int
    public let total: Int
  }

  /// Runs, one check after the other, each on stores in a fresh directory.
  ///
  /// - Parameter progress: Called after each check.
  public func run(progress: (Step) -> Void = { _ in }) async -> ConformanceReport {
    let asked = checks.filter { tiers.contains($0.tier) }
    var report = ConformanceReport(rules: Set(asked.map(\.rule)).count, cases: 0, adapters: [], selfTest: nil)
    var done = 0
    for fixture in fixtures {
      var results: [ConformanceReport.Check] = []
      let clock = ContinuousClock()
      let begin = clock.now
      for check in asked {
        let (result, cases) = await Self.result(of: check, on: fixture, seed: seed)
        results.append(result)
        report.cases += cases
        done += 1
        progress(
          Step(
            adapter: fixture.name, check: check.id, outcome: result.outcome, message: result.message, done: done,
            total: asked.count * fixtures.count))
      }
      report.adapters.append(
        ConformanceReport.Adapter(
          name: fixture.name, engineVersion: fixture.engineVersion, seed: seed,
          seconds: (clock.now - begin) / .seconds(1), capabilities: .init(fixture.capabilities),
          passed: results.count { $0.outcome == .passed }, failed: results.count { $0.outcome == .failed },
          notApplicable: results.count { $0.outcome == .notApplicable }, checks: results))
    }
    if selfTest { report.selfTest = await SelfTest.run(checks: asked, seed: seed) }
    return report
  }

  private static func result(
    of check: ConformanceCheck, on fixture: BackendFixture, seed: UInt64
  ) async -> (ConformanceReport.Check, cases: Int) {
    var faces: [ConformanceReport.Face] = []
    var cases = 0
    for fixture in check.faces(of: fixture) {
      let (face, count) = await Self.face(of: check, on: fixture, seed: seed)
      faces.append(face)
      cases += count
    }
    let outcomes: [ConformanceReport.Outcome] = [.failed, .passed, .notApplicable]
    let outcome = outcomes.first { outcome in faces.contains { $0.outcome == outcome } } ?? .notApplicable
    let told = faces.filter { $0.outcome == outcome && !$0.message.isEmpty }
    // What only jobs break is said so.
    let message = told.first.map { $0.face == .job && outcome == .failed ? "through a job: \($0.message)" : $0.message }
    return (
      ConformanceReport.Check(
        id: check.id, rule: check.rule, paragraph: check.paragraph, tier: check.tier, outcome: outcome,
        message: message ?? "", faces: faces),
      cases
    )
  }

  private static func face(
    of check: ConformanceCheck, on fixture: BackendFixture, seed: UInt64
  ) async -> (ConformanceReport.Face, cases: Int) {
    var result = ConformanceReport.Face(face: fixture.face, outcome: .passed, message: "")
    if let reason = check.notApplicableReason(for: fixture) {
      result.outcome = .notApplicable
      result.message = reason
      return (result, 0)
    }
    do {
      return (result, try await check.evaluate(fixture, seed: seed))
    } catch let failure as ConformanceFailure {
      result.message = failure.line > 0 ? "\(failure.message) (\(failure.file):\(failure.line))" : failure.message
    } catch {
      result.message = "\(error)"
    }
    result.outcome = .failed
    return (result, 0)
  }
}
