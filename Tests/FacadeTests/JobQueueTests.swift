import PersistencyCore
import TestSupport
import Testing

@Suite("The queue of a job")
struct JobQueueTests {
  private static let small = JobOptions(queueBytes: 1_000)

  @Test("at its bound enqueue says no, and persist suspends until there is room")
  func bound() async throws {
    let gated = try GatedBackend()
    try await withJob(on: gated.engine, Self.small) { job in
      gated.hold()
      var queued = 0
      while try job.enqueue([.put(category: "c", key: Key(queued), payload: [])]) { queued += 1 }
      #expect(queued > 0 && queued < 20)
      let number = queued
      let suspended = Task { try await job.persistPut(category: "c", key: Key(number), payload: []) }
      try await Task.sleep(for: .milliseconds(20))
      gated.letGo()
      _ = try await suspended.value
      #expect(try await job.count(category: "c") == queued + 1)
    }
  }

  @Test("a batch over the bound is admitted alone")
  func oversize() async throws {
    let gated = try GatedBackend()
    try await withJob(on: gated.engine, Self.small) { job in
      try await job.persistPut(category: "c", key: Key("big"), payload: [UInt8](repeating: 1, count: 10_000))
      try await job.persistPut(category: "c", key: Key("next"), payload: [])
      #expect(try await job.count(category: "c") == 2)
    }
  }

  @Test("a slow disk delays writes and drops none")
  func slowDisk() async throws {
    let gated = try GatedBackend()
    gated.slow(by: 0.002)
    try await withJob(on: gated.engine, Self.small) { job in
      for number in 0..<300 { try await job.persistPut(category: "c", key: Key(number), payload: []) }
      #expect(try await job.count(category: "c") == 300)
      #expect(gated.groups.contains { $0 > 1 })
    }
  }

  @Test("acknowledged writes of many tasks share commits")
  func groupCommit() async throws {
    let gated = try GatedBackend()
    gated.slow(by: 0.005)
    try await withJob(on: gated.engine) { job in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<64 { group.addTask { try await job.put(category: "c", key: Key(task), payload: []) } }
        try await group.waitForAll()
      }
      #expect(gated.groups.reduce(0, +) == 64)
      #expect(gated.groups.count < 40)
    }
  }

  @Test("deletes share commits with the writes beside them, and keep their order")
  func groupedDeletes() async throws {
    let gated = try GatedBackend()
    try await withJob(on: gated.engine) { job in
      gated.hold()
      try await job.persistPut(category: "c", key: Key("first"), payload: [])
      try await gated.commitsBegun(1)
      try await job.persistPut(category: "c", key: Key("a"), payload: [])
      async let hit = job.delete(category: "c", key: Key("a"))
      async let miss = job.delete(category: "c", key: Key("none"))
      try await Task.sleep(for: .milliseconds(200))
      gated.letGo()
      let answers = try await (hit, miss)
      #expect(answers.0 && !answers.1)
      #expect(gated.groups.count < 4, "each by itself they would be four commits")
    }
  }

  @Test("a failed commit comes out of the next flush once, of failures and of the close")
  func failures() async throws {
    let gated = try GatedBackend()
    let full = PersistencyError(.storageFull, "full")
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [gated.engine])
      let job = try await jobs.openJob("test")
      gated.fail(full)
      try await job.persistPut(category: "c", key: Key("a"), payload: [])
      #expect(await kind { try await job.flush() } == .storageFull)
      #expect(await kind { try await job.flush() } == nil)
      #expect(await kind { try await job.put(category: "c", key: Key("b"), payload: []) } == .storageFull)
      #expect(await kind { try await job.flush() } == nil, "an acknowledged write was told its failure already")
      try await job.persistPut(category: "c", key: Key("c"), payload: [])
      #expect(await kind { try await jobs.closeJob("test") } == .storageFull)
      #expect(!jobs.hasJob("test"))
      var streamed: [PersistencyError] = []
      for await failure in job.failures { streamed.append(failure) }
      #expect(streamed == [full, full])
    }
  }

  @Test("failures keeps the last 256 and counts what it drops")
  func droppedFailures() async throws {
    let gated = try GatedBackend()
    gated.fail(PersistencyError(.backend, "broken"))
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [gated.engine])
      let job = try await jobs.openJob("test")
      for number in 0..<300 { try await job.persistPut(category: "c", key: Key(number), payload: []) }
      #expect(await kind { try await job.flush() } == .backend)
      #expect(job.droppedFailures == 44)
      try await jobs.close()
    }
  }

  @Test("a cancelled wait throws promptly: withdrawn before its commit, unknown during it")
  func cancellation() async throws {
    let gated = try GatedBackend()
    try await withJob(on: gated.engine) { job in
      gated.hold()
      let committing = Task { try await job.put(category: "c", key: Key("committing"), payload: []) }
      try await gated.commitsBegun(1)
      let waiting = Task { try await job.put(category: "c", key: Key("waiting"), payload: []) }
      try await Task.sleep(for: .milliseconds(30))
      committing.cancel()
      waiting.cancel()
      let outcomes = (await committing.result, await waiting.result)
      gated.letGo()
      #expect(Self.failure(of: outcomes.0) == [.cancelled: .unknown])
      #expect(Self.failure(of: outcomes.1) == [.cancelled: .notApplied])
      #expect(try await job.keys(category: "c") == [Key("committing")])
    }
  }

  @Test("a persist that returned is committed, even when its task is cancelled then")
  func cancelledAfterQueueing() async throws {
    let gated = try GatedBackend()
    try await withJob(on: gated.engine) { job in
      gated.hold()
      let task = Task {
        for number in 0..<10 { try await job.persistPut(category: "c", key: Key(number), payload: []) }
      }
      try await task.value
      task.cancel()
      gated.letGo()
      #expect(try await job.count(category: "c") == 10)
    }
  }

  @Test("closing drains what is queued; afterwards everything is closed", arguments: Engine.stored)
  func closeDrains(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let job = try await jobs.openJob("test", options: JobOptions(queueBytes: 2_000))
      for number in 0..<1_000 { try await job.persistPut(category: "c", key: Key(number), payload: []) }
      try await jobs.closeJob("test")
      #expect(await kind { try await job.persistPut(category: "c", key: Key(), payload: []) } == .closed)
      #expect(await kind { try await job.put(category: "c", key: Key(), payload: []) } == .closed)
      #expect(await kind { _ = try job.enqueue([]) } == .closed)
      #expect(await kind { _ = try await job.get(category: "c", key: Key()) } == .closed)
      #expect(await kind { _ = try await job.scan(category: "c") } == .closed)
      #expect(await kind { _ = try await job.count(category: "c") } == .closed)
      #expect(await kind { try await job.visitAll { _, _, _ in .next } } == .closed)
      let again = try await jobs.openJob("test")
      #expect(try await again.count(category: "c") == 1_000)
      try await jobs.close()
      #expect(await kind { _ = try await jobs.openJob("test") } == .closed)
      #expect(await kind { _ = try jobs.job("test") } == .closed)
    }
  }

  /// Kind and outcome: what programs compare.
  private static func failure(
    of result: Result<Void, any Error>
  ) -> [PersistencyError.Kind: PersistencyError.Outcome] {
    guard case .failure(let error as PersistencyError) = result else { return [:] }
    return [error.kind: error.outcome]
  }
}
