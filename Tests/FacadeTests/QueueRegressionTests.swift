import Foundation
import PersistencyCore
import PersistencyMemory
import Synchronization
import TestSupport
import Testing

@Suite("The queue of a job: one test a bug")
struct QueueRegressionTests {
  @Test("regression: empty batches count against the bound")
  func emptyBatches() async throws {
    let gated = try GatedBackend()
    try await withJob(on: gated.engine, JobOptions(queueBytes: 10_000)) { job in
      gated.hold()
      defer { gated.letGo() }
      var queued = 0
      while queued < 1_000, try job.enqueue([]) { queued += 1 }
      #expect(queued > 0 && queued < 100)
    }
  }

  @Test("regression: after the close, calls that have nothing to do throw .closed too", arguments: Engine.every)
  func closedThroughout(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let job = try await jobs.openJob("test")
      try await jobs.closeJob("test")
      #expect(await kind { try await job.flush() } == .closed)
      #expect(await kind { try await job.apply([]) } == .closed)
      #expect(await kind { try await job.persist([]) } == .closed)
      #expect(await kind { _ = try await job.get(category: "c", keys: []) } == .closed)
      #expect(await kind { _ = try await job.keys(category: "c", limit: 0) } == .closed)
      #expect(await kind { _ = try await job.scan(category: "c", limit: 0) } == .closed)
      #expect(await kind { _ = try await job.categories() } == .closed)
      #expect(await kind { for try await _ in job.rows(category: "c") {} } == .closed)
      try await jobs.close()
    }
  }

  @Test("regression: a delete that is applied, but could not be made durable, has an unknown outcome")
  func deleteWithoutSync() async throws {
    let gated = try GatedBackend()
    try await withJob(on: gated.engine) { job in
      try await job.put(category: "c", key: Key("a"), payload: [])
      gated.failSyncs(PersistencyError(.storageFull, "full"))
      var failure: PersistencyError?
      do throws(PersistencyError) {
        try await job.delete(category: "c", key: Key("a"), durability: .full)
      } catch {
        failure = error
      }
      #expect(failure?.kind == .storageFull && failure?.outcome == .unknown && failure?.isRetryable == false)
      #expect(try await job.exists(category: "c", key: Key("a")) == false)
    }
  }

  @Test("regression: a write cancelled while it waits for room lets in those behind it")
  func cancelledHead() async throws {
    let gated = try GatedBackend()
    try await withJob(on: gated.engine, JobOptions(queueBytes: 10_000)) { job in
      gated.hold()
      defer { gated.letGo() }
      try await job.persistPut(category: "c", key: Key("first"), payload: [UInt8](repeating: 0, count: 5_000))
      let tooLarge = Task {
        try await job.persistPut(category: "c", key: Key("large"), payload: [UInt8](repeating: 0, count: 8_000))
      }
      try await Task.sleep(for: .milliseconds(20))
      #expect(try !job.enqueue([]), "nobody overtakes")
      let small = Task { try await job.persistPut(category: "c", key: Key("small"), payload: []) }
      try await Task.sleep(for: .milliseconds(20))
      tooLarge.cancel()
      #expect(await kind { _ = try await tooLarge.value } == .cancelled)
      // Its call returns although no commit has ended.
      _ = try await small.value
      gated.letGo()
      #expect(try await job.keys(category: "c") == [Key("first"), Key("small")])
    }
  }

  @Test("regression: close waits for an opening that is under way")
  func closeDuringOpening() async throws {
    let entered = Atomic<Bool>(false)
    let mayEnd = Atomic<Bool>(false)
    let ended = Atomic<Bool>(false)
    let slow = Engine(
      name: "slow", fileSuffix: "", capabilities: Capabilities(persistent: false)
    ) { _, _ throws(PersistencyError) in
      entered.store(true, ordering: .releasing)
      while !mayEnd.load(ordering: .acquiring) { Thread.sleep(forTimeInterval: 0.001) }
      ended.store(true, ordering: .releasing)
      return try MemoryBackend()
    }
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [slow])
      let opening = Task { try await jobs.openJob("test") }
      while !entered.load(ordering: .acquiring) { try await Task.sleep(for: .milliseconds(1)) }
      let closing = Task { try await jobs.close() }
      while await kind({ _ = try jobs.storedJobs() }) != .closed { try await Task.sleep(for: .milliseconds(1)) }
      mayEnd.store(true, ordering: .releasing)
      try await closing.value
      let hasEnded = ended.load(ordering: .acquiring)
      #expect(hasEnded)
      #expect(await kind { _ = try await opening.value } == .closed)
    }
  }

  @Test("regression: a job let go without a close stays locked until what it queued is committed")
  func abandoned() async throws {
    let gated = try GatedBackend()
    let engine = fileEngine { _ in gated }
    try await withRoot { root in
      var first: Persistency? = try Persistency(rootDirectory: root, engines: [engine])
      var job = try await first?.openJob("test")
      gated.hold()
      try await job?.persistPut(category: "c", key: Key("a"), payload: [])
      try await gated.commitsBegun(1)
      job = nil
      first = nil
      let second = try Persistency(rootDirectory: root, engines: [engine])
      #expect(await kind { _ = try await second.openJob("test") } == .locked)
      gated.letGo()
      var last: PersistencyError.Kind? = .locked
      for _ in 0..<1_000 where last == .locked {
        try await Task.sleep(for: .milliseconds(1))
        last = await kind { _ = try await second.openJob("test") }
      }
      #expect(last == nil)
      try await second.close()
    }
  }

  #if canImport(Glibc)
    @Test("regression: a forked child queues nothing that nobody would commit")
    func forkedChild() async throws {
      let symbol = try #require(dlsym(nil, "fork"))
      let fork = unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
      try await withJob(on: .memory) { job in
        let child = fork()
        if child == 0 {
          do throws(PersistencyError) {
            _ = try job.enqueue([.put(category: "c", key: Key(), payload: [])])
            _exit(1)
          } catch {
            _exit(error.kind == .unsupported ? 0 : 2)
          }
        }
        var status: Int32 = -1
        #expect(child > 0 && waitpid(child, &status, 0) == child && status == 0)
        try await job.put(category: "c", key: Key(), payload: [])
      }
    }
  #endif
}
