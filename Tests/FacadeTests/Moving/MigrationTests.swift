import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("Migrations of jobs")
struct MigrationTests {
  private func manifest(_ root: String, _ name: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: root + "/\(name).job"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test(
    "a migrated job is on the new engine, and its old store is kept until it is discarded",
    arguments: EnginePair.different)
  func migrates(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      try await jobs.makeHostileJob("a", on: pair.from)
      let before = try await jobs.digestJob("a")
      try await jobs.closeJob("a")
      #expect(try await jobs.migrateJob("a", to: pair.to) == before)
      let stores = ["a" + pair.from.fileSuffix, "a" + pair.to.fileSuffix, "a.job"].sorted()
      #expect(try names(in: root) == stores)
      #expect(try jobs.storedJobs().map(\.engine) == [pair.to.name])
      let job = try await jobs.openJob("a")
      #expect(job.engine.name == pair.to.name)
      #expect(try await jobs.digestJob("a") == before)
      try await job.put(category: "many", key: Key("new"), payload: [1])
      // While it is open, too.
      #expect(try await jobs.discardSuperseded("a") > 0)
      #expect(try await jobs.discardSuperseded("a") == 0)
      try await jobs.close()
      #expect(try names(in: root) == ["a" + pair.to.fileSuffix, "a.job"].sorted())
      #expect(try manifest(root, "a")["superseded"] == nil)
      let again = try Persistency(rootDirectory: root, engines: Engine.every)
      #expect(try await again.digestJob("a").rows == before.rows + 1)
      // And back.
      try await again.migrateJob("a", to: pair.from)
      #expect(try await again.openJob("a").engine.name == pair.from.name)
      try await again.close()
    }
  }

  @Test("a job that is open, unknown, there already, or bound for memory is not migrated")
  func refused() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, .lmdb, .memory])
      try await jobs.makeHostileJob("a", on: .sqlite)
      #expect(await kind { try await jobs.migrateJob("a", to: .lmdb) } == .locked)
      let other = try Persistency(rootDirectory: root, engines: Engine.every)
      #expect(await kind { try await other.migrateJob("a", to: .lmdb) } == .locked)
      #expect(await kind { _ = try await other.discardSuperseded("a") } == .locked)
      try await jobs.closeJob("a")
      #expect(await kind { try await jobs.migrateJob("none", to: .lmdb) } == .jobNotFound)
      #expect(await kind { _ = try await jobs.discardSuperseded("none") } == .jobNotFound)
      #expect(await kind { try await jobs.migrateJob("a", to: .sqlite) } == .invalidArgument)
      #expect(await kind { try await jobs.migrateJob("a", to: .memory) } == .invalidArgument)
      #expect(await kind { try await jobs.migrateJob("a", to: .rocks) } == .invalidArgument)
      #expect(try names(in: root) == ["a.db", "a.job"])
      try FileManager.default.createDirectory(atPath: root + "/a.lmdb", withIntermediateDirectories: false)
      #expect(await kind { try await jobs.migrateJob("a", to: .lmdb) } == .conflict)
      #expect(try names(in: root) == ["a.db", "a.job", "a.lmdb"])
      try FileManager.default.removeItem(atPath: root + "/a.lmdb")
      try await jobs.migrateJob("a", to: .lmdb)
      // The old store is in the way of going back, until it is discarded.
      #expect(await kind { try await jobs.migrateJob("a", to: .sqlite) } == .conflict)
      try await jobs.close()
    }
  }

  @Test("a migration that fails leaves the job as it was", arguments: EnginePair.different)
  func failing(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let spy = SpyBackend.SharedState()
      let (engines, to) = pair.spied(spy)
      let jobs = try Persistency(rootDirectory: root, engines: engines)
      try await jobs.makeHostileJob("a", on: pair.from)
      try await jobs.closeJob("a")
      let before = try names(in: root)
      for batch in 0..<3 {
        spy.withLock { ($0.failure, $0.failsAfter) = (PersistencyError(.storageFull, "a test"), batch) }
        #expect(await kind { try await jobs.migrateJob("a", to: to) } == .storageFull)
        #expect(try names(in: root) == before)
        #expect(try manifest(root, "a")["migration"] == nil)
      }
      spy.withLock { ($0.failsAfter, $0.lies) = (-1, true) }
      #expect(await kind { try await jobs.migrateJob("a", to: to) } == .corrupted)
      #expect(try names(in: root) == before)
      spy.withLock { $0.lies = false }
      #expect(try await jobs.digestJob("a").rows == 1_521)
      try await jobs.migrateJob("a", to: to)
      try await jobs.close()
    }
  }

  @Test("a cancelled migration leaves the job in use, and is gone on with", arguments: EnginePair.different)
  func resumed(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let spy = SpyBackend.SharedState()
      let (engines, to) = pair.spied(spy)
      let jobs = try Persistency(rootDirectory: root, engines: engines)
      try await jobs.makeHostileJob("a", on: pair.from, rows: 5_000)
      try await jobs.closeJob("a")
      func cancel() async -> Int {
        let running = Task { try await jobs.migrateJob("a", to: to) }
        spy.withLock { ($0.onImport, $0.imported) = ({ running.cancel() }, 0) }
        #expect(await kind { _ = try await running.value } == .cancelled)
        return spy.withLock { state in
          defer { (state.imported, state.onImport) = (0, nil) }
          return state.imported
        }
      }
      let first = await cancel()
      #expect(first > 0)
      // The job is used meanwhile, by the old engine.
      let job = try await jobs.openJob("a")
      #expect(job.engine.name == pair.from.name)
      try await job.put(category: "many", key: Key("new"), payload: [1])
      try await jobs.closeJob("a")
      let digest = try await jobs.migrateJob("a", to: to)
      #expect(spy.withLock { $0.imported } <= digest.rows - first + 1)
      #expect(digest.rows == 5_022)
      #expect(try await jobs.openJob("a").get(category: "many", key: Key("new")) == [1])
      try await jobs.close()
    }
  }

  @Test("what a cancelled migration left is discarded, or dropped with the job", arguments: EnginePair.different)
  func leftovers(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let spy = SpyBackend.SharedState()
      let (engines, to) = pair.spied(spy)
      let jobs = try Persistency(rootDirectory: root, engines: engines)
      try await jobs.makeHostileJob("a", on: pair.from)
      try await jobs.closeJob("a")
      let before = try names(in: root)
      for isDropped in [false, true] {
        let running = Task { try await jobs.migrateJob("a", to: to) }
        spy.withLock { $0.onImport = { running.cancel() } }
        #expect(await kind { _ = try await running.value } == .cancelled)
        spy.withLock { $0.onImport = nil }
        #expect(try names(in: root).contains("a" + pair.to.fileSuffix))
        if isDropped {
          try await jobs.dropJob("a")
          #expect(try names(in: root) == [])
        } else {
          #expect(try await jobs.discardSuperseded("a") > 0)
          #expect(try names(in: root) == before)
        }
      }
      try await jobs.close()
    }
  }

  @Test(
    "a dropped job takes the store it was migrated from along, which nobody then adopts",
    arguments: EnginePair.different)
  func dropped(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      try await jobs.makeHostileJob("a", on: pair.from)
      try await jobs.closeJob("a")
      try await jobs.migrateJob("a", to: pair.to)
      try await jobs.dropJob("a")
      #expect(try names(in: root) == [])
      #expect(try await jobs.openJob("a", engine: pair.from).categories() == [])
      try await jobs.close()
    }
  }

  @Test("a file of the original is adopted and migrated")
  func original() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, .lmdb])
      try await jobs.makeHostileJob("made", on: .sqlite)
      let digest = try await jobs.digestJob("made")
      try await jobs.closeJob("made")
      try FileManager.default.copyItem(atPath: root + "/made.db", toPath: root + "/a b.db")
      #expect(try await jobs.migrateJob("a b", to: .lmdb) == digest)
      #expect(try names(in: root).contains("a%20b.lmdb"))
      #expect(try await jobs.openJob("a b").engine.name == "lmdb")
      try await jobs.close()
    }
  }

  @Test("a volatile job that a dead machine emptied keeps the store it was migrated from")
  func volatileBesideSuperseded() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, .lmdb])
      try await jobs.makeHostileJob("a", on: .sqlite)
      try await jobs.closeJob("a")
      try await jobs.migrateJob("a", to: .lmdb)
      _ = try await jobs.openJob("a", options: JobOptions(durability: .volatile))
      try await jobs.close()
      var fields = try manifest(root, "a")
      fields["clean"] = nil
      fields["boot"] = "another"
      try JSONSerialization.data(withJSONObject: fields).write(to: URL(fileURLWithPath: root + "/a.job"))
      let again = try Persistency(rootDirectory: root, engines: [.sqlite, .lmdb])
      #expect(try await again.openJob("a").categories() == [])
      #expect(try names(in: root).contains("a.db"))
      #expect(try await again.discardSuperseded("a") > 0)
      try await again.close()
    }
  }
}
