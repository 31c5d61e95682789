import PersistencyConformance
import PersistencyPostgres
import Testing

@Suite("PostgreSQL keeps the contract", .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresConformanceTests {
  @Test("conforms", arguments: ConformanceCheck.all)
  func conforms(to check: ConformanceCheck) async throws {
    let server = try #require(ThrowawayServer.shared)
    let fixture = BackendFixture(engine: try server.engine(), limits: PostgresBackend.limits)
    try await check.run(fixture)
  }
}
