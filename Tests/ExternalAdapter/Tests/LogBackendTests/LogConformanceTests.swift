import LogBackend
import PersistencyConformance
import PersistencyCore
import Testing

@Suite("The log keeps the contract")
struct LogConformanceTests {
  private static let log = BackendFixture(engine: .log)

  @Test("conforms", arguments: ConformanceCheck.all)
  func conforms(to check: ConformanceCheck) async throws { try await check.run(Self.log) }
}
