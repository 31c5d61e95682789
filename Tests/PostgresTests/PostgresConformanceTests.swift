import PersistencyConformance
import PersistencyPostgres
import Testing

@Suite("PostgreSQL keeps the contract", .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresConformanceTests {
  @Test("conforms", arguments: ConformanceCheck.all.filter { $0.tier != .leak })
  func conforms(to check: ConformanceCheck) async throws { try await ask(check) }

  /// Apart, because a sanitizer keeps memory back that they would count.
  @Test("leaks nothing", arguments: ConformanceCheck.all.filter { $0.tier == .leak })
  func leaks(_ check: ConformanceCheck) async throws { try await ask(check) }

  private func ask(_ check: ConformanceCheck) async throws {
    let server = try #require(ThrowawayServer.shared)
    let writer = ChildProgram.besideThisProgram("persistency-trials", arguments: ["postgres:" + server.connection])
    let fixture = BackendFixture(engine: try server.engine(), limits: PostgresBackend.limits, writer: writer)
    try await check.run(fixture)
  }
}
