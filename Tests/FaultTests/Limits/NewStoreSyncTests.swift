import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults
import PersistencyLMDB
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

  /// LMDB leaves the head of a commit at `.consistent` to the next one.
  ///
  /// A power cut after the first few writes left a store
  /// without its format beside a manifest that said ready: emptied, as it seemed.
  @Test("regression: LMDB's first head is on the disk before anybody is told of it")
  func headIsSynced() async throws {
    let system = try #require(FaultInjector.system)
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.lmdb])
      // The first sync is that of the pages, the second that of the head which makes them count.
      let failing = Fault([.sync], first: 2, count: 1, .error(EIO))
      try await system.during(failing, below: root + "/job.lmdb/data.mdb") { armed in
        await #expect(throws: PersistencyError.self) {
          _ = try await jobs.openJob("job", options: JobOptions(durability: .consistent))
        }
        #expect(armed.hits == 1)
      }
      try await jobs.close()
    }
  }
}
