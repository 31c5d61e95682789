import Foundation
import Logging
import PersistencyPostgres
import TestSupport
import Testing

/// The warnings of this process's log.
private enum Warnings {
  static let lines = Locked<[String]>([])

  struct Handler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let place = event.metadata?["place"].map { "\($0)" } ?? ""
      Warnings.lines.withLock { $0.append("\(event.message) \(place)") }
    }
  }
}

@Suite("A server without a standby", .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresStandbyTests {
  // A log is installed once in a process: the test has a process of its own.
  @Test("is warned of once an engine, when a job is opened to write at .full, and not where a standby is waited for")
  func warns() async throws {
    let (alone, waiting) = (try #require(ThrowawayServer()), try #require(ThrowawayServer()))
    // The tables are made while nobody is waited for.
    try await withJob(on: try waiting.engine()) { _ in }
    try waiting.sql("ALTER SYSTEM SET synchronous_standby_names='s1'")
    try waiting.sql("SELECT pg_reload_conf()")
    while try waiting.sql("SHOW synchronous_standby_names") != "s1" { usleep(10_000) }
    await #expect(processExitsWith: .success) {
      [alone = alone.connection as String, waiting = waiting.connection as String] in
      LoggingSystem.bootstrap { _ in Warnings.Handler() }
      func count(_ connection: String, _ options: JobOptions, _ change: (inout PostgresOptions) -> Void = { _ in })
        async throws -> Int
      {
        var settings = PostgresOptions(deadline: .seconds(2), namespace: UUID().uuidString)
        change(&settings)
        let engine = try Engine.postgres(connection: connection, options: settings)
        let jobs = try Persistency(rootDirectory: "/nowhere", engines: [engine])
        for id in ["a", "b"] { _ = try? await jobs.openJob(id, options: options) }
        try await jobs.close()
        return Warnings.lines.withLock { lines in
          defer { lines = [] }
          #expect(lines.allSatisfy { $0.contains("synchronous standby") && $0.contains("database postgres on ") })
          return lines.count
        }
      }
      let full = JobOptions(durability: .full)
      let counts = [
        try await count(alone, full), try await count(alone, full) { $0.warnsWithoutStandby = false },
        try await count(alone, full) { $0.dialect = .portable },
        try await count(alone, JobOptions(durability: .consistent)), try await count(waiting, full),
      ]
      #expect(counts == [1, 0, 0, 0, 0])
    }
  }
}
