import Foundation
import PersistencyPostgres
import TestSupport
import Testing

@Suite(
  "PostgreSQL fails, and nothing acknowledged is lost",
  .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresFailureTests {
  private func put(_ job: Job, _ key: String, _ payload: UInt8) async throws {
    try await job.put(category: "c", key: Key(key), payload: [payload])
  }

  /// A job whose link to the shared server can be made to fail.
  private func withProxy(
    deadline: Duration = .seconds(30), _ body: (Job, SocketProxy, ThrowawayServer) async throws -> Void
  ) async throws {
    let server = try #require(ThrowawayServer.shared)
    let proxy = try SocketProxy(to: server.folder)
    defer { proxy.stop() }
    let engine = try server.engine(connection: proxy.connection) { $0.deadline = deadline }
    try await withJob(on: engine, JobOptions(durability: .full)) { job in try await body(job, proxy, server) }
  }

  @Test("sessions that are cut are made again, for reads and for writes")
  func reconnects() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJob(on: try server.engine()) { job in
      for round in 0..<5 {
        try await put(job, "a", UInt8(round))
        try server.cutSessions()
        #expect(try await job.get(category: "c", key: Key("a")) == [UInt8(round)])
        try server.cutSessions()
        #expect(try await job.count(category: "c") == 1)
        try server.cutSessions()
      }
    }
  }

  @Test("a commit whose answer is lost is found in the ledger, and not made twice")
  func committedUnanswered() async throws {
    try await withProxy { job, proxy, _ in
      try await put(job, "a", 1)
      for round in 2..<12 as Range<UInt8> {
        proxy.fail(.cutAfterCommit)
        // Made twice, it would conflict with itself.
        try await job.apply([
          .expect(category: "c", key: Key("a"), payload: [round - 1]),
          .put(category: "c", key: Key("a"), payload: [round]),
        ])
      }
      #expect(try await job.get(category: "c", key: Key("a")) == [11])
      #expect(proxy.connections > 10)
    }
  }

  @Test("a commit that did not get through is made, once the ledger says that it is not there")
  func uncommitted() async throws {
    try await withProxy { job, proxy, _ in
      for round in 0..<10 as Range<UInt8> {
        proxy.fail(.cutBeforeCommit)
        try await put(job, "k\(round)", round)
      }
      #expect(try await job.count(category: "c") == 10)
    }
  }

  @Test(
    "a link that says nothing ends in a timeout at the deadline, for a read with nothing done, for a commit as unknown")
  func stalls() async throws {
    try await withProxy(deadline: .seconds(1)) { job, proxy, _ in
      try await put(job, "a", 1)
      proxy.fail(.stall)
      let began = ContinuousClock.now
      var failure: PersistencyError?
      do throws(PersistencyError) { _ = try await job.get(category: "c", key: Key("a")) } catch { failure = error }
      #expect(failure?.kind == .timeout && failure?.isRetryable == true, "\(String(describing: failure))")
      failure = nil
      do throws(PersistencyError) {
        try await job.put(category: "c", key: Key("a"), payload: [2])
      } catch { failure = error }
      #expect(failure != nil)
      #expect(ContinuousClock.now - began < .seconds(120))
      proxy.fail(.none)
      #expect(try await job.get(category: "c", key: Key("a")) == [1])
    }
  }

  @Test("a server killed with -9 and started again has every batch acknowledged at .full, and the job goes on")
  func serverKilled() async throws {
    let server = try #require(ThrowawayServer())
    try await withJob(on: try server.engine { $0.deadline = .seconds(60) }, JobOptions(durability: .full)) { job in
      let acknowledged = Locked(0)
      let isDone = Flag()
      let writing = Task {
        var number = 0
        while !isDone.isSet {
          try await job.put(category: "c", key: Key(number), payload: [1])
          number += 1
          acknowledged.withLock { $0 = number }
        }
      }
      for _ in 0..<3 {
        let before = acknowledged.withLock { $0 }
        while acknowledged.withLock({ $0 }) < before + 50 { try await Task.sleep(for: .milliseconds(5)) }
        server.kill()
        #expect(server.startAgain())
      }
      isDone.set()
      try await writing.value
      let rows = try await job.keys(category: "c")
      #expect(rows.count == acknowledged.withLock { $0 })
    }
  }

  @Test("a server that has gone back is refused on a new connection, by reads and by writes")
  func regressed() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJob(on: try server.engine()) { job in
      for round in 0..<5 { try await put(job, "a", UInt8(round)) }
      // As a backup would have it, or a standby that was behind.
      try server.sql("UPDATE kv_jobs SET seq=seq-2")
      try server.cutSessions()
      #expect(await kind { _ = try await job.get(category: "c", key: Key("a")) } == .corrupted)
      #expect(await kind { _ = try await job.count(category: "c") } == .corrupted)
      #expect(await kind { try await self.put(job, "a", 9) } == .corrupted)
      #expect(try server.sql("SELECT encode(payload,'hex') FROM kv") == "04")
    }
  }

  @Test("on the connection that it has, a writer finds the regression by its guard")
  func regressedOnConnection() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJob(on: try server.engine()) { job in
      for round in 0..<5 { try await put(job, "a", UInt8(round)) }
      try server.sql("UPDATE kv_jobs SET seq=seq-2")
      #expect(await kind { try await self.put(job, "a", 9) } == .corrupted)
      #expect(await kind { try await self.put(job, "b", 9) } == .corrupted)
      #expect(try server.sql("SELECT encode(payload,'hex') FROM kv") == "04")
    }
  }

  @Test("a job that was dropped behind our back takes no rows")
  func droppedElsewhere() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJob(on: try server.engine()) { job in
      try await put(job, "a", 1)
      try server.sql("DELETE FROM kv; DELETE FROM kv_jobs")
      #expect(await kind { try await self.put(job, "b", 1) } == .corrupted)
      #expect(try server.sql("SELECT count(*) FROM kv") == "0")
    }
  }

  @Test("a call that is cancelled on the server is a timeout, and the next one works")
  func cancelledThere() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJob(on: try server.engine()) { job in
      try await put(job, "a", 1)
      // Holds the job's row, so that a commit waits for it.
      let holder = try server.lockJobs()
      defer { holder.terminate() }
      let writing = Task { await kind { try await self.put(job, "a", 2) } }
      var isCancelled = false
      while !isCancelled {
        try await Task.sleep(for: .milliseconds(20))
        isCancelled =
          try server.sql(
            "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event_type='Lock' AND state='active'"
          )
          != "0"
      }
      #expect(await writing.value == .timeout)
      // Its session would go on sleeping.
      try server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event='PgSleep'")
      holder.waitUntilExit()
      try await put(job, "a", 3)
      #expect(try await job.get(category: "c", key: Key("a")) == [3])
    }
  }
}

extension ThrowawayServer {
  /// A session that has every job's row locked, until the process is ended.
  func lockJobs() throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "psql", "-XqAt", "-d", connection, "-c", "BEGIN; SELECT 1 FROM kv_jobs FOR UPDATE; SELECT pg_sleep(600)",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while try sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND wait_event='PgSleep'") == "0"
    {
      usleep(20_000)
    }
    return process
  }
}
