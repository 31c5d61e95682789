import PersistencyConformance
import PersistencyPostgres
import Testing

@Suite("PostgreSQL keeps the contract", .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresConformanceTests {
  @Test("conforms", arguments: ConformanceCheck.all)
  func conforms(to check: ConformanceCheck) async throws {
    let server = try #require(ThrowawayServer.shared)
    let writer = ChildProgram.besideThisProgram("persistency-trials", arguments: ["postgres:" + server.connection])
    let fixture = BackendFixture(engine: try server.engine(), limits: PostgresBackend.limits, writer: writer)
    try await check.run(fixture)
  }
}
