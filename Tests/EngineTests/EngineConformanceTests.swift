import PersistencyConformance
import Testing

@Suite("Every engine keeps the contract")
struct EngineConformanceTests {
  @Test("conforms", arguments: BackendFixture.every, ConformanceCheck.all)
  func conforms(_ fixture: BackendFixture, to check: ConformanceCheck) async throws {
    try await check.run(fixture)
  }

  @Test("All engines answer one random history alike", arguments: 1...6 as ClosedRange<UInt64>)
  func agree(seed: UInt64) throws {
    try DifferentialRun.run(fixtures: BackendFixture.every, seed: seed, steps: 300)
  }
}
