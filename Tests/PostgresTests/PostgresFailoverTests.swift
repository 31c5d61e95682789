import Foundation
import PersistencyPostgres
import TestSupport
import Testing

/// What a failover with real servers (`make failover`) found, each by itself.
@Suite("PostgreSQL fails over", .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresFailoverTests {
  private func put(_ job: Job, _ key: String, _ payload: UInt8) async throws {
    try await job.put(category: "c", key: Key(key), payload: [payload])
  }

  private func withJobs(_ engine: Engine, _ body: (Persistency) async throws -> Void) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      do { try await body(jobs) } catch {
        try? await jobs.close()
        throw error
      }
      try await jobs.close()
    }
  }

  @Test(
    "an old primary that is back is not gone to; alone it is refused, and once the new one answers again all is well")
  func oldPrimaryBack() async throws {
    let new = try #require(ThrowawayServer("fsync=off"))
    let engine = { (old: ThrowawayServer) in
      try Engine.postgres(
        connection: "host=\(old.folder),\(new.folder) user=kv dbname=postgres",
        options: .init(deadline: .seconds(3), warnsWithoutStandby: false))
    }
    // The same job on both, as after a failover; the old one is not there yet.
    try await withJobs(try .postgres(connection: new.connection)) { jobs in
      try await put(try await jobs.openJob("a"), "x", 0)
    }
    let old = try #require(new.copy())
    old.kill()
    try await withJobs(try engine(old)) { jobs in
      let job = try await jobs.openJob("a", options: JobOptions(durability: .full))
      for round in 1..<5 { try await put(job, "x", UInt8(round)) }
      #expect(old.startAgain())
      for round in 5..<9 {
        try new.cutSessions()
        #expect(try await job.get(category: "c", key: Key("x")) == [UInt8(round - 1)])
        try new.cutSessions()
        try await put(job, "x", UInt8(round))
      }
      new.kill()
      #expect(await kind { _ = try await job.get(category: "c", key: Key("x")) } == .corrupted)
      #expect(await kind { _ = try await job.count(category: "c") } == .corrupted)
      #expect(await kind { _ = try await job.scan(category: "c") } == .corrupted)
      #expect(await kind { try await job.visit(category: "c") { _, _ in .next } } == .corrupted)
      #expect(await kind { try await put(job, "x", 99) } == .corrupted)
      #expect(new.startAgain())
      #expect(try await job.get(category: "c", key: Key("x")) == [8])
      // After the refusal it writes when it is opened again.
      try await jobs.closeJob("a")
      let again = try await jobs.openJob("a", options: JobOptions(durability: .full))
      try await put(again, "x", 9)
    }
    #expect(try new.sql("SELECT encode(payload,'hex') FROM kv") == "09")
    #expect(try old.sql("SELECT encode(payload,'hex') FROM kv") == "00")
  }

  @Test("a process that knew more of a job refuses to open it on a server that is behind, to read as well as to write")
  func openedAgainBehind() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJobs(try server.engine()) { jobs in
      let job = try await jobs.openJob("a", options: JobOptions(durability: .full))
      for round in 0..<5 { try await put(job, "x", UInt8(round)) }
      try await jobs.closeJob("a")
      try server.sql("UPDATE kv_jobs SET seq=seq-1")
      for access in [StoreAccess.readWrite, .readOnly] {
        #expect(
          await kind { _ = try await jobs.openJob("a", options: JobOptions(durability: .full, access: access)) }
            == .corrupted)
      }
      // Who takes what there is makes the engine anew, or starts anew.
      let root = jobs.rootDirectory
      let other = try Persistency(rootDirectory: root, engines: [try server.engine()])
      #expect(try await other.openJob("a").get(category: "c", key: Key("x")) == [4])
      try await other.close()
    }
  }

  @Test("a reader is not taken back behind what it has read on a connection that it had for long")
  func readerTakenBack() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJobs(try server.engine()) { jobs in
      try await put(try await jobs.openJob("a"), "x", 1)
      try await jobs.closeJob("a")
      let reads: [(String, (Job) async throws -> Void)] = [
        ("get", { _ = try await $0.get(category: "c", key: Key("x")) }),
        ("count", { _ = try await $0.count(category: "c") }),
        ("visit", { try await $0.visit(category: "c") { _, _ in .next } }),
      ]
      for (name, read) in reads {
        let job = try await jobs.openJob("a", options: JobOptions(access: .readOnly))
        try await read(job)
        // As its writer, in another process, goes on; and then a standby takes over that had not received the last of it.
        try server.sql("UPDATE kv_jobs SET seq=seq+5")
        try await read(job)
        try server.sql("UPDATE kv_jobs SET seq=seq-2")
        #expect(await kind { try await read(job) } == .corrupted, "\(name), on the connection that it has")
        try server.cutSessions()
        #expect(await kind { try await read(job) } == .corrupted, "\(name)")
        try server.sql("UPDATE kv_jobs SET seq=seq+2")
        try await read(job)
        try await jobs.closeJob("a")
      }
    }
  }

  @Test("a job that could not be given back when its link was lost can be opened again by the process that had it")
  func ownLeftover() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJobs(try server.engine()) { jobs in
      let held = try await jobs.openJob("held")
      try await put(held, "x", 1)
      _ = try await jobs.openJob("left")
      try await jobs.closeJob("left")
      try server.sql("UPDATE kv_jobs SET owner=(SELECT max(owner) FROM kv_jobs) WHERE owner IS NULL")
      try await put(try await jobs.openJob("left"), "x", 1)
      // Another process is refused both.
      let other = try Persistency(rootDirectory: jobs.rootDirectory, engines: [try server.engine()])
      for id in ["held", "left"] { #expect(await kind { _ = try await other.openJob(id) } == .locked) }
      try await other.close()
    }
  }

  @Test("a job that nobody calls stays its process's when the server is gone for a while")
  func idleOwner() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJobs(try server.engine()) { jobs in
      let job = try await jobs.openJob("a")
      try await put(job, "x", 1)
      for isKilled in [false, true] {
        if isKilled {
          server.kill()
          #expect(server.startAgain())
        } else {
          try server.cutSessions()
        }
        #expect(try await isMarked(on: server, times: 1))
        let other = try Persistency(rootDirectory: jobs.rootDirectory, engines: [try server.engine()])
        #expect(await kind { _ = try await other.openJob("a") } == .locked)
        try await other.close()
        try await put(job, "x", 2)
      }
      try await jobs.closeJob("a")
      #expect(try await isMarked(on: server, times: 0))
    }
  }

  /// Whether so many sessions mark a process as alive, within ten seconds.
  private func isMarked(on server: ThrowawayServer, times: Int) async throws -> Bool {
    let marks = "SELECT count(*) FROM pg_locks WHERE locktype='advisory' AND granted"
    for _ in 0..<500 {
      if try server.sql(marks) == "\(times)" { return true }
      try await Task.sleep(for: .milliseconds(20))
    }
    return false
  }

  @Test("the mark that a writer lives outlasts the session that the server had not given up yet")
  func keeperOutlasts() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJob(on: try server.engine()) { job in
      try await put(job, "x", 1)
      let owner = try server.sql("SELECT owner FROM kv_jobs")
      // Stands for our session on a link that is lost: it is there, and goes later.
      let stale = try server.hold(owner)
      defer { stale.terminate() }
      try server.sql(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name='persistency'")
      try await put(job, "x", 2)
      try server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event='PgSleep'")
      stale.waitUntilExit()
      #expect(try await isMarked(on: server, times: 1))
    }
  }
}

extension ThrowawayServer {
  /// A session that marks the owner of this number as alive, until the process is ended.
  fileprivate func hold(_ owner: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "psql", "-XqAt", "-d", connection, "-c",
      "SELECT pg_advisory_lock_shared(\(owner)) FROM pg_sleep(0)", "-c", "SELECT pg_sleep(600)",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    for _ in 0..<500 {
      if try sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event='PgSleep'") != "0" { return process }
      usleep(20_000)
    }
    process.terminate()
    throw PersistencyError(.timeout, "the mark of another session keeps this one waiting")
  }
}
