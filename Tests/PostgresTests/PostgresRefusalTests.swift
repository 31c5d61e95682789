import Foundation
import PersistencyPostgres
import TestSupport
import Testing

/// Each of these is one clear error of the kind that a program decides by, without the password, and changes nothing.
@Suite("PostgreSQL refuses what it cannot use", .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresRefusalTests {
  private static let secret = "hunter2secret"

  /// The error of opening a job; nil when it opens.
  private func refusal(_ connection: String, deadline: Duration = .seconds(3)) async -> PersistencyError? {
    do {
      let engine = try Engine.postgres(
        connection: connection,
        options: .init(deadline: deadline, connectTimeout: .seconds(2), isolatesRoots: true))
      try await withJob(on: engine) { _ in }
      return nil
    } catch let error as PersistencyError {
      return error
    } catch {
      Issue.record("an error of another type: \(error)")
      return nil
    }
  }

  private func expect(
    _ kind: PersistencyError.Kind, naming words: String..., of connection: String, deadline: Duration = .seconds(3)
  ) async {
    let error = await refusal(connection, deadline: deadline)
    #expect(error?.kind == kind, "\(String(describing: error))")
    #expect(error.map { "\($0)".contains(Self.secret) } == false, "\(String(describing: error))")
    for word in words { #expect(error?.message.contains(word) == true, "\(String(describing: error))") }
  }

  @Test("a connection string with a typo, and says which option it is")
  func typo() async {
    await expect(.invalidArgument, naming: "hots", of: "hots=/tmp password=\(Self.secret)")
    await expect(.invalidArgument, of: "host=/tmp password=\(Self.secret) \(Self.secret)")
    await expect(.invalidArgument, of: "postgresql://kv:\(Self.secret)@[/db")
    await expect(.invalidArgument, naming: "sslmodus", of: "postgresql://kv:\(Self.secret)@h/db?sslmodus=1")
    await expect(.invalidArgument, of: "host=/tmp\0")
  }

  @Test("a host that is not there, or unknown")
  func hosts() async {
    await expect(.backend, naming: "/nowhere", of: "host=/nowhere user=kv password=\(Self.secret)")
    await expect(
      .backend, naming: "127.0.0.1", of: "host=127.0.0.1 port=9 user=kv password=\(Self.secret) sslmode=disable")
    await expect(
      .invalidArgument, naming: "no-such.invalid", of: "host=no-such.invalid user=kv password=\(Self.secret)")
  }

  @Test("a database that is not there, and a user that is not")
  func databases() async throws {
    let server = try #require(ThrowawayServer.shared)
    await expect(
      .invalidArgument, naming: "nowhere", of: "host=\(server.folder) user=kv dbname=nowhere password=\(Self.secret)")
    await expect(
      .invalidArgument, naming: "nobody",
      of: "host=\(server.folder) user=nobody dbname=postgres password=\(Self.secret)")
  }

  @Test("a wrong password, and a server without the encryption that is asked for")
  func passwords() async throws {
    let port = Int.random(in: 20_000...50_000)
    let server = try #require(ThrowawayServer("port=\(port)", "fsync=off"))
    try server.sql("ALTER ROLE kv PASSWORD 'right'")
    let address = "host=127.0.0.1 port=\(port) user=kv dbname=postgres"
    await expect(.invalidArgument, naming: "password", of: "\(address) password=\(Self.secret)")
    #expect(await refusal("\(address) password=right") == nil)
    await expect(.invalidArgument, naming: "SSL", of: "\(address) password=\(Self.secret) sslmode=verify-full")
  }

  @Test("a certificate that nobody vouches for, or that is another host's")
  func certificates() async throws {
    let port = Int.random(in: 20_000...50_000)
    let server = try #require(ThrowawayServer("port=\(port)", "fsync=off", "ssl=on"))
    try server.sql("ALTER ROLE kv PASSWORD '\(Self.secret)'")
    func address(_ host: String, _ rest: String) -> String {
      "host=\(host) port=\(port) user=kv dbname=postgres password=\(Self.secret) \(rest)"
    }
    let root = "sslrootcert=\(server.folder)/data/server.crt"
    #expect(await refusal(address("localhost", "sslmode=verify-full \(root)")) == nil)
    await expect(.invalidArgument, naming: "certificate", of: address("127.0.0.1", "sslmode=verify-full \(root)"))
    await expect(
      .invalidArgument, naming: "certificate",
      of: address("localhost", "sslmode=verify-full sslrootcert=\(server.folder)/missing.crt"))
  }

  @Test("a server that takes no writes")
  func readOnly() async throws {
    let server = try #require(ThrowawayServer("fsync=off", "default_transaction_read_only=on"))
    await expect(.unsupported, naming: "primary", of: server.connection)
  }

  @Test("a server that has no connection to spare, when its deadline has passed")
  func outOfConnections() async throws {
    let server = try #require(
      ThrowawayServer("fsync=off", "max_connections=4", "superuser_reserved_connections=0", "max_wal_senders=0"))
    let taken = (0..<8).compactMap { _ in try? server.holdSession() }
    defer { for process in taken { process.terminate() } }
    try await Task.sleep(for: .milliseconds(300))
    await expect(.timeout, naming: "max_connections", of: server.connection, deadline: .seconds(2))
  }

  @Test("tables of a newer schema, and tables that somebody altered; and leaves both as they are")
  func schema() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    #expect(await refusal(server.connection) == nil)
    try server.sql("UPDATE kv_meta SET v=7 WHERE k='schema'")
    await expect(.unsupported, naming: "version 7", of: server.connection)
    #expect(try server.sql("SELECT v FROM kv_meta") == "7")
    try server.sql("UPDATE kv_meta SET v=1; ALTER TABLE kv RENAME payload TO value")
    await expect(.corrupted, naming: "altered", of: server.connection)
    try server.sql("ALTER TABLE kv RENAME value TO payload; ALTER TABLE kv_jobs ALTER seq TYPE text")
    await expect(.corrupted, naming: "altered", of: server.connection)
    try server.sql("ALTER TABLE kv_jobs ALTER seq TYPE bigint USING seq::bigint")
    #expect(await refusal(server.connection) == nil)
  }

  @Test("but not tables that another process is just making, or was killed while it made them")
  func unfinishedSchema() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try server.sql("CREATE TABLE kv_meta(k text PRIMARY KEY, v bigint NOT NULL)")
    #expect(await refusal(server.connection) == nil)
    #expect(try server.sql("SELECT v FROM kv_meta") == "1")
    try server.sql("ALTER TABLE kv RENAME TO gone")
    await expect(.corrupted, naming: "altered", of: server.connection)
    #expect(try server.sql("SELECT count(*) FROM pg_tables WHERE tablename='kv'") == "0")
    // Many at once, each the first of its process.
    try server.sql("DROP TABLE gone, kv_jobs, kv_meta")
    await withTaskGroup(of: PersistencyError?.self) { group in
      for _ in 0..<8 { group.addTask { await self.refusal(server.connection, deadline: .seconds(30)) } }
      for await error in group { #expect(error == nil, "\(String(describing: error))") }
    }
  }

  @Test("a table that is altered while a job is open fails its calls, and is used again when it is as it was")
  func alteredMeanwhile() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    try await withJob(on: try server.engine()) { job in
      try await job.put(category: "c", key: Key("a"), payload: [1])
      try server.sql("ALTER TABLE kv RENAME TO gone")
      #expect(await kind { try await job.put(category: "c", key: Key("b"), payload: [2]) } == .corrupted)
      try server.sql("ALTER TABLE gone RENAME TO kv")
      #expect(try await job.get(category: "c", key: Key("a")) == [1])
      #expect(try await job.get(category: "c", key: Key("b")) == nil)
    }
  }

  @Test("the level that a network cannot give")
  func volatile() async throws {
    let server = try #require(ThrowawayServer.shared)
    let engine = try server.engine()
    #expect(await kind { try await withJob(on: engine, JobOptions(durability: .volatile)) { _ in } } == .unsupported)
  }

  @Test(
    "a disk that is full on the server, and takes writes again when there is room",
    .enabled(if: SmallDisk.isPossible, "this user may not mount"))
  func full() async throws {
    // The tables only: without room for its log the server ends.
    let disk = try #require(SmallDisk(megabytes: 30))
    let server = try #require(ThrowawayServer("fsync=off"))
    try #require(run("chown", "postgres", disk.path))
    try server.sql("CREATE TABLESPACE small LOCATION '\(disk.path)'")
    try server.sql("ALTER DATABASE postgres SET default_tablespace=small")
    try await withJob(on: try server.engine()) { job in
      // So that nothing compresses.
      var payload = (0..<200_000).map { _ in UInt8.random(in: .min ... .max) }
      var failure: PersistencyError?
      var kept = 0
      for number in 0..<1_000 where failure == nil {
        do throws(PersistencyError) {
          payload[0] &+= 1
          try await job.put(category: "c", key: Key(number), payload: payload)
          kept += 1
        } catch {
          failure = error
        }
      }
      #expect(failure?.kind == .storageFull && failure?.outcome == .notApplied, "\(String(describing: failure))")
      #expect(try await job.count(category: "c") == kept)
      #expect(await kind { try await job.put(category: "c", key: Key(-1), payload: payload) } == .storageFull)
      #expect(disk.resize(megabytes: 60))
      try await job.put(category: "c", key: Key(-1), payload: payload)
      #expect(try await job.count(category: "c") == kept + 1)
    }
  }
}

extension ThrowawayServer {
  /// A session that stays open until the process is ended.
  func holdSession() throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["psql", "-XqAt", "-d", connection, "-c", "SELECT pg_sleep(600)"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }
}
