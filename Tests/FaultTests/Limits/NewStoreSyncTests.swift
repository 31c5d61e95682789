import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults
import PersistencySQLite
import TestSupport
import Testing

@Suite("A store that was just made", .enabled(if: FaultInjector.system != nil, "this build counts no system call"))
struct NewStoreSyncTests {
  /// A power cut soon after the opening left an empty file beside a manifest that said ready: a job lost for good.
  @Test(
    "regression: SQLite's is on the disk before anybody is told of it", arguments: [Durability.full, .consistent])
  func schemaIsSynced(_ durability: Durability) async throws {
    let system = try #require(FaultInjector.system)
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
      // Never fires: it counts.
      let counting = Fault([.sync], first: .max, count: 1, .error(EIO))
      try await system.during(counting, below: root + "/job.db-wal") { armed in
        _ = try await jobs.openJob("job", options: JobOptions(durability: durability))
        #expect(armed.seen > 0)
      }
      try await jobs.close()
    }
  }
}
