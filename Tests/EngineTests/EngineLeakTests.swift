import PersistencyConformance
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import Testing

@Suite("No engine leaks")
struct EngineLeakTests {
  /// In the program whose engines have small caches: one that fills looks like a leak.
  private static let fixtures = [Engine.memory, .sqlite, .lmdb, .rocks].map { engine in
    BackendFixture(
      engine: engine, writer: .besideThisProgram("persistency-trials", arguments: ["tight"], cycles: 2))
  }

  @Test("conforms", arguments: fixtures, ConformanceCheck.all.filter { $0.tier == .leak })
  func conforms(_ fixture: BackendFixture, to check: ConformanceCheck) async throws {
    try #require(fixture.writer != nil)
    try await check.run(fixture, faces: [.raw])
  }
}
