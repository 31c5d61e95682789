import Foundation
import PersistencyCore
import PersistencyMemory
import Synchronization
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
}
