import Foundation
import PersistencyPostgres
import PersistencySQLite
import TestSupport
import Testing

@Suite("Jobs on PostgreSQL", .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresJobTests {
  /// Jobs by their ids alone, as users have them; each test with a namespace of its own.
  private func engine(_ namespace: String = UUID().uuidString, fencing: Bool = false) throws -> Engine {
    let server = try #require(ThrowawayServer.shared)
    return try .postgres(
      connection: server.connection, options: .init(fencesWriter: fencing, namespace: namespace))
  }

  private func withJobs<R>(_ root: String, _ engines: [Engine], _ body: (Persistency) async throws -> R) async throws
    -> R
  {
    let jobs = try Persistency(rootDirectory: root, engines: engines)
    do {
      let result = try await body(jobs)
      try await jobs.close()
      return result
    } catch {
      try? await jobs.close()
      throw error
    }
  }

  @Test("a job is found again from another root, as from another machine; no root has a file of it")
  func foundAgain() async throws {
    let engine = try engine()
    try await withRoot { first in
      try await withRoot { second in
        try await withJobs(first, [engine]) { jobs in
          try await jobs.openJob("chat").put(category: "c", key: Key("a"), payload: [1])
        }
        try await withJobs(second, [.sqlite, engine]) { jobs in
          // Its engine is found, though another is the default.
          let job = try await jobs.openJob("chat")
          #expect(job.engine.name == "postgres")
          #expect(try await job.get(category: "c", key: Key("a")) == [1])
          #expect(try jobs.storedJobs().map(\.id) == ["chat"])
          #expect(try jobs.storedJobs().map(\.use) == [.open])
        }
        for root in [first, second] { #expect(!FileManager.default.fileExists(atPath: root)) }
      }
    }
  }

  @Test("a second writer is locked out while the first lives, by whatever instance, and let in when it has closed")
  func lockedOut() async throws {
    let namespace = UUID().uuidString
    try await withRoot { root in
      try await withJobs(root, [try engine(namespace)]) { first in
        let job = try await first.openJob("chat")
        try await withJobs(root + "2", [try engine(namespace)]) { second in
          do throws(PersistencyError) {
            _ = try await second.openJob("chat")
            Issue.record("the second writer was let in")
          } catch {
            #expect(error.kind == .locked && error.isRetryable)
            #expect(error.message.contains("process \(getpid())"), "\(error)")
          }
          try await job.put(category: "c", key: Key("a"), payload: [1])
          try await first.closeJob("chat")
          #expect(try await second.openJob("chat").get(category: "c", key: Key("a")) == [1])
        }
      }
    }
  }

  @Test("a writer that is fenced, because the next one asked for it, writes nothing more, and says why")
  func fenced() async throws {
    let namespace = UUID().uuidString
    let server = try #require(ThrowawayServer.shared)
    // Two processes in one: the registry of what this process has open would refuse the second.
    let first = try PostgresJobTests.opened(server, namespace, fencing: false)
    defer { first.close() }
    try first.applyOps([.put(category: "c", key: Key("a"), payload: [1])])
    try server.sql("UPDATE kv_jobs SET epoch=epoch+1 WHERE position('\(namespace)' IN encode(name,'escape'))=1")
    for _ in 0..<2 {
      #expect(await kind { try first.applyOps([.put(category: "c", key: Key("b"), payload: [2])]) } == .locked)
    }
    #expect(try first.getOne(category: "c", key: Key("b")) == nil)
  }

  private static func opened(_ server: ThrowawayServer, _ namespace: String, fencing: Bool) throws -> any KvBackend {
    let engine = try Engine.postgres(
      connection: server.connection, options: .init(fencesWriter: fencing, namespace: namespace))
    let stores = try #require(engine.remote?("/"))
    return try stores.open("job", StoreOptions(), .ready)
  }

  @Test("a thousand jobs open at once share a few connections")
  func thousandJobs() async throws {
    let namespace = UUID().uuidString
    let server = try #require(ThrowawayServer.shared)
    let engine = try engine(namespace)
    try await withRoot { root in
      try await withJobs(root, [engine]) { jobs in
        for number in 0..<1_000 {
          let job = try await jobs.openJob("job \(number)")
          try await job.persistPut(category: "c", key: Key("a"), payload: [UInt8(truncatingIfNeeded: number)])
        }
        for number in 0..<1_000 {
          #expect(
            try await jobs.job("job \(number)").get(category: "c", key: Key("a")) == [UInt8(truncatingIfNeeded: number)]
          )
        }
        let names = try jobs.storedJobs()
        #expect(names.count == 1_000)
        let sessions =
          Int(
            try server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name='persistency'")) ?? .max
        // Other tests have theirs at the same time.
        #expect(sessions < 150)
      }
    }
  }

  @Test("dropping a job removes its rows, from whatever root, and its id is free")
  func drops() async throws {
    let namespace = UUID().uuidString
    let engine = try engine(namespace)
    try await withRoot { root in
      try await withJobs(root, [engine]) { jobs in
        let job = try await jobs.openJob("chat")
        for part in 0..<3 {
          try await job.apply((0..<9_000).map { .put(category: "c", key: Key(part, $0), payload: [1]) })
        }
        try await jobs.closeJob("chat")
      }
      try await withJobs(root + "2", [engine]) { jobs in
        try await jobs.dropJob("chat")
        #expect(try jobs.storedJobs().isEmpty)
        #expect(await kind { try await jobs.dropJob("chat") } == .jobNotFound)
        #expect(
          await kind { _ = try await jobs.openJob("chat", options: JobOptions(createIfMissing: false)) } == .jobNotFound
        )
        #expect(try await jobs.openJob("chat").count(category: "c") == 0)
      }
    }
  }

  @Test("large payloads are visited one at a time, in a state of their own, beside a writer")
  func largePayloads() async throws {
    try await withRoot { root in
      try await withJobs(root, [try engine()]) { jobs in
        let job = try await jobs.openJob("big")
        let sizes = [0, 1, 32_768, 32_769, 1 << 20, 5 << 20, 3]
        for (number, size) in sizes.enumerated() {
          try await job.put(category: "c", key: Key(number), payload: [UInt8](repeating: UInt8(number), count: size))
        }
        for reverse in [false, true] {
          var seen: [Int] = []
          try await job.visit(category: "c", reverse: reverse) { _, payload in
            seen.append(payload.byteCount)
            return .next
          }
          #expect(seen == (reverse ? sizes.reversed() : sizes))
        }
        let rows = try await job.scan(category: "c")
        #expect(rows.map(\.payload.count) == sizes)
        #expect(rows.allSatisfy { row in Set(row.payload).count <= 1 })
      }
    }
  }
}
