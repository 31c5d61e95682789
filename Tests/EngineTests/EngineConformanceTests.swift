import PersistencyConformance
import PersistencyCore
import Testing

@Suite("Every engine keeps the contract")
struct EngineConformanceTests {
  @Test("conforms", arguments: BackendFixture.every, ConformanceCheck.all.filter { $0.tier != .concurrency })
  func conforms(_ fixture: BackendFixture, to check: ConformanceCheck) async throws {
    try await check.run(fixture, faces: fixture.asked)
  }

  @Test("All engines answer one random history alike", arguments: 1...6 as ClosedRange<UInt64>)
  func agree(seed: UInt64) throws {
    try DifferentialRun.run(fixtures: BackendFixture.every, seed: seed, steps: 300)
  }
}

/// Apart, because the thread sanitizer runs these: `make tsan`.
@Suite("Every engine keeps the contract when threads meet")
struct EngineRaceTests {
  @Test("conforms", arguments: BackendFixture.every, ConformanceCheck.all.filter { $0.tier == .concurrency })
  func conforms(_ fixture: BackendFixture, to check: ConformanceCheck) async throws {
    try await check.run(fixture, faces: fixture.asked)
  }
}

extension BackendFixture {
  /// Through a job only where no disk is waited for; `make conformance` asks every engine both ways, optimised.
  fileprivate var asked: Set<ConformanceFace> { capabilities.persistent ? [.raw] : [.raw, .job] }
}
