import Foundation
import PersistencyPostgres
import TestSupport
import Testing

@Suite(
  "PostgreSQL leaves a writer in doubt, and the ledger or the fence decides",
  .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresDoubtTests {
  private func put(_ job: Job, _ key: String, _ payload: UInt8) async throws {
    try await job.put(category: "c", key: Key(key), payload: [payload])
  }

  @Test(
    "a commit that no standby confirms is unknown at the deadline, latches the writer, and shows when it is opened again"
  )
  func standby() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withRoot { root in
      let engine = try server.engine { $0.deadline = .seconds(2) }
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let options = JobOptions(durability: .full)
      let job = try await jobs.openJob("a", options: options)
      try await put(job, "a", 1)
      // There is none of that name: a commit that syncs waits for it.
      try server.setStandby("nobody")
      var failure: PersistencyError?
      do throws(PersistencyError) {
        try await job.put(category: "c", key: Key("a"), payload: [2])
      } catch { failure = error }
      #expect(failure?.outcome == .unknown, "\(String(describing: failure))")
      var latched: PersistencyError?
      do throws(PersistencyError) {
        try await job.put(category: "c", key: Key("b"), payload: [3])
      } catch { latched = error }
      #expect(latched?.kind == .backend && latched?.outcome == .notApplied, "\(String(describing: latched))")
      #expect(latched?.message.contains("opened again") == true)
      try server.setStandby("")
      // It was never rolled back: the wait was all that failed.
      #expect(try await job.get(category: "c", key: Key("a")) == [2])
      #expect(try await job.get(category: "c", key: Key("b")) == nil)
      _ = await kind { try await jobs.closeJob("a") }
      let again = try await jobs.openJob("a", options: options)
      #expect(try await again.get(category: "c", key: Key("a")) == [2])
      try await put(again, "b", 4)
      try await jobs.close()
    }
  }

  @Test("a commit whose wait for its standby is cut short is asked after, and is in when the standby has come")
  func standbyComes() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    let engine = try server.engine { $0.deadline = .seconds(60) }
    try await withJob(on: engine, JobOptions(durability: .full)) { job in
      try await put(job, "a", 1)
      try server.setStandby("nobody")
      let writing = Task { try await job.put(category: "c", key: Key("a"), payload: [2]) }
      // Whoever cancels the wait has the server answer with a warning.
      while try server.sql(
        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event='SyncRep'") == "0"
      { try await Task.sleep(for: .milliseconds(20)) }
      try server.setStandby("")
      try await writing.value
      #expect(try await job.get(category: "c", key: Key("a")) == [2])
      #expect(try server.sql("SELECT count(*) FROM kv") == "1")
    }
  }

  @Test("a job whose ledger somebody else raised is written no more, and says so")
  func pastTheFence() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJob(on: try server.engine()) { job in
      try await put(job, "a", 1)
      try server.sql("UPDATE kv_jobs SET seq=seq+5")
      var failure: PersistencyError?
      do throws(PersistencyError) {
        try await job.put(category: "c", key: Key("a"), payload: [2])
      } catch { failure = error }
      #expect(failure?.kind == .corrupted, "\(String(describing: failure))")
      #expect(failure?.message.contains("past its fence") == true, "\(String(describing: failure))")
      #expect(await kind { try await self.put(job, "b", 3) } == .corrupted)
      #expect(try server.sql("SELECT encode(payload,'hex') FROM kv") == "01")
    }
  }
}

extension ThrowawayServer {
  /// Names the standby that commits wait for; none is the empty name.
  fileprivate func setStandby(_ name: String) throws {
    // Not a transaction that would wait itself.
    try sql("ALTER SYSTEM SET synchronous_standby_names='\(name)'")
    try sql("SELECT pg_reload_conf()")
    while try sql("SHOW synchronous_standby_names") != name { usleep(10_000) }
    // The other sessions read it when they are next asked.
    usleep(200_000)
  }
}
