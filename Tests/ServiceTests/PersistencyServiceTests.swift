import Foundation
import Logging
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import PersistencyServiceLifecycle
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing
import UnixSignals

@Suite("Persistency as a service of a group")
struct PersistencyServiceTests {
  let root = Root()

  @Test("SIGTERM: what is queued is on disk when the process ends, with status 0", arguments: Self.stored)
  func terminated(_ engine: Engine) async throws {
    await #expect(processExitsWith: .exitCode(0)) { [root = root.path as String, name = engine.name as String] in
      let engine = try #require(Self.stored.first { $0.name == name })
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let group = ServiceGroup(
        configuration: .init(
          services: [PersistencyService(jobs), Writer(jobs: jobs)], gracefulShutdownSignals: [.sigterm], logger: quiet))
      try await group.run()
      // Whatever still runs is cut off here.
      _exit(0)
    }
    let jobs = try Persistency(rootDirectory: root.path, engines: [engine])
    for id in Writer.ids {
      let job = try await jobs.openJob(id, options: .init(createIfMissing: false))
      #expect(try await job.count(category: "c") == Writer.writes)
      #expect(try await job.exists(category: "last", key: Key()))
    }
    try await jobs.close()
  }

  @Test("A graceful shutdown closes every job, whenever it was opened")
  func shutDown() async throws {
    let jobs = try Persistency(rootDirectory: root.path, engines: [.memory])
    let before = try await jobs.openJob("before")
    try await testGracefulShutdown { trigger in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await PersistencyService(jobs).run() }
        let after = try await jobs.openJob("after")
        try await after.put(category: "c", key: Key(), payload: [])
        trigger.triggerGracefulShutdown()
        try await group.waitForAll()
        for job in [before, after] {
          let error = await #expect(throws: PersistencyError.self) {
            try await job.exists(category: "c", key: Key())
          }
          #expect(error?.kind == .closed)
        }
      }
    }
    let error = await #expect(throws: PersistencyError.self) { try await jobs.openJob("late") }
    #expect(error?.kind == .closed)
  }

  @Test("Cancelled instead, it drains and closes too, and that is no failure", arguments: Self.stored)
  func cancelled(_ engine: Engine) async throws {
    let jobs = try Persistency(rootDirectory: root.path, engines: [engine])
    let job = try await jobs.openJob("a")
    let service = Task { try await PersistencyService(jobs).run() }
    for number in 0..<1_000 { try await job.persistPut(category: "c", key: Key(number), payload: []) }
    service.cancel()
    try await service.value
    let again = try Persistency(rootDirectory: root.path, engines: [engine])
    #expect(try await again.openJob("a").count(category: "c") == 1_000)
    try await again.close()
  }

  @Test("The failure of a queued write that nobody was told comes out of the group")
  func failed() async throws {
    let jobs = try Persistency(rootDirectory: root.path, engines: [.memory])
    let job = try await jobs.openJob("a")
    try await job.persist([.expect(category: "c", key: Key(), payload: [1])])
    let group = ServiceGroup(
      configuration: .init(
        services: [
          .init(service: PersistencyService(jobs)),
          .init(service: Ending(), successTerminationBehavior: .gracefullyShutdownGroup),
        ], logger: quiet))
    let error = await #expect(throws: PersistencyError.self) { try await group.run() }
    #expect(error?.kind == .conflict)
    #expect(!jobs.hasJob("a"))
  }

  static let stored: [Engine] = [.sqlite, .lmdb, .rocks]
}

/// Queues writes without waiting for them, has the process told to end, and writes once more while it shuts down.
private struct Writer: Service {
  static let ids = ["a", "b", "c"]
  static let writes = 2_000

  let jobs: Persistency

  func run() async throws {
    for id in Self.ids { _ = try await jobs.openJob(id) }
    for number in 0..<Self.writes {
      for id in Self.ids { try await jobs.persistPut(id, category: "c", key: Key(number), payload: [1]) }
    }
    kill(getpid(), SIGTERM)
    try await gracefulShutdown()
    for id in Self.ids { try await jobs.persistPut(id, category: "last", key: Key(), payload: []) }
  }
}

private struct Ending: Service {
  func run() async throws {}
}

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A fresh root directory, removed with its owner.
final class Root: Sendable {
  let path = FileManager.default.temporaryDirectory.path + "/persistency-service-" + UUID().uuidString

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
