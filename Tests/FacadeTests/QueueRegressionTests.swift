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
}
