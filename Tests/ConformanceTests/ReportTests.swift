import PersistencyConformance
import PersistencyCore
import Testing

@Suite("The runner and its report")
struct ReportTests {
  private static let checks = [
    ConformanceCheck("demo.passes", "What holds passes", paragraph: "4.1") { check in
      try check.expect(true, "never")
      try check.expectEqual(1, 1)
    },
    ConformanceCheck("demo.fails", "What does | not hold\nfails", paragraph: "4.2") { check in
      try check.expectEqual(1, 2, "one")
    },
    ConformanceCheck("demo.exempt", "What is not declared is not asked", paragraph: "4.3", unless: { _ in "not asked" })
    {
      _ in
    },
    ConformanceCheck("demo.reopens", "Another tier", paragraph: "4.4", tier: .persistent) { _ in },
  ]

  private static var report: ConformanceReport {
    get async { await ConformanceRunner(fixtures: [.reference], checks: checks, tiers: [.core], seed: 7).run() }
  }

  @Test("counts what passed, failed and did not apply, in the tiers asked for")
  func counts() async throws {
    let adapter = try #require(await Self.report.adapters.first)
    #expect(adapter.name == "reference")
    #expect(adapter.seed == 7)
    #expect([adapter.passed, adapter.failed, adapter.notApplicable] == [1, 1, 1])
    #expect(adapter.checks.map(\.outcome) == [.passed, .failed, .notApplicable])
    #expect(adapter.checks[1].message.contains("one is 1, not 2 (ConformanceTests/ReportTests.swift:"))
    #expect(adapter.checks[2].message == "not asked")
  }

  @Test("counts rules once and cases each time")
  func rulesAndCases() async {
    let report = await ConformanceRunner(fixtures: [.reference, .reference], checks: [Self.checks[0]]).run()
    #expect(report.rules == 1)
    // On the bare backend and through a job each.
    #expect(report.cases == 8)
  }

  @Test("tells of each step as it goes")
  func progress() async {
    var steps: [ConformanceRunner.Step] = []
    _ = await ConformanceRunner(fixtures: [.reference], checks: Self.checks).run { steps.append($0) }
    #expect(steps.map(\.done) == [1, 2, 3, 4])
    #expect(steps.map(\.check) == Self.checks.map(\.id))
    #expect(steps.allSatisfy { $0.total == 4 })
  }

  @Test("comes back from its JSON as it was")
  func roundTrip() async throws {
    let report = await Self.report
    #expect(try ConformanceReport(json: report.json()) == report)
    #expect(throws: PersistencyError.self) { try ConformanceReport(json: Array("{".utf8)) }
  }

  @Test("has the keys in JSON that programs read")
  func jsonKeys() async throws {
    var report = await Self.report
    report.selfTest = [.init(name: "b", breaks: "all", caughtBy: ["demo.fails"])]
    let json = String(decoding: try report.json(), as: UTF8.self)
    let keys = [
      "adapters", "name", "engineVersion", "seed", "seconds", "capabilities", "passed", "failed", "notApplicable",
      "checks", "id", "rule", "paragraph", "tier", "outcome", "message", "selfTest", "breaks", "caughtBy", "persistent",
    ]
    for key in keys { #expect(json.contains("\"\(key)\" :"), "\(key)") }
  }

  @Test("says in Markdown what failed, on one line a rule")
  func markdown() async {
    let text = await Self.report.markdown
    #expect(text.contains("| reference |  | 1 | 1 | 1 |"))
    #expect(text.contains("- `demo.fails` What does \\| not hold fails: one is 1, not 2"))
    #expect(text.contains("| `demo.exempt` | What is not declared is not asked | 4.3 | core | n/a |"))
  }
}
