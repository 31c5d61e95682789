import PersistencyCore
import TestSupport
import Testing

/// A task that is cancelled waits for nothing any more, and says what it waited for.
@Suite("Cancelled waits")
struct CancelledWaitTests {
  private func cancelled(_ task: Task<Void, any Error>) async -> PersistencyError? {
    task.cancel()
    do {
      try await task.value
      return nil
    } catch {
      return error as? PersistencyError
    }
  }

  @Test("a read that waits for queued writes, and a flush, end at once; the writes commit all the same")
  func forWrites() async throws {
    let store = try GatedBackend()
    try await withJob(on: store.engine) { job in
      store.hold()
      try await job.persistPut(category: "c", key: Key("a"), payload: [1])
      try await store.commitsBegun(1)
      let reading = Task<Void, any Error> { _ = try await job.get(category: "c", key: Key("a")) }
      let flushing = Task<Void, any Error> { try await job.flush() }
      // So that they wait: nothing else is there to see it by.
      try await Task.sleep(for: .milliseconds(100))
      for task in [reading, flushing] {
        let error = await cancelled(task)
        #expect(error?.kind == .cancelled && error?.message.contains("queued writes") == true)
      }
      // One that was cancelled before it began to wait.
      let late = Task<Void, any Error> {
        withUnsafeCurrentTask { $0?.cancel() }
        _ = try await job.get(category: "c", key: Key("a"))
      }
      #expect(await kind { try await late.value } == .cancelled)
      store.letGo()
      #expect(try await job.get(category: "c", key: Key("a")) == [1])
      try await job.flush()
    }
  }

  @Test("a read on the reader pool ends at once, begun or not, and the reads after it have their own results")
  func forReads() async throws {
    let store = try GatedBackend()
    try await withJob(on: store.engine, JobOptions(readsOffCallerThread: true)) { job in
      try await job.put(category: "c", key: Key("a"), payload: [1])
      store.holdReads()
      let begun = store.readsBegun
      let reading = Task<Void, any Error> { _ = try await job.get(category: "c", key: Key("a")) }
      while store.readsBegun == begun { try await Task.sleep(for: .milliseconds(1)) }
      let error = await cancelled(reading)
      #expect(error?.kind == .cancelled && error?.message.contains("waited for a read") == true)
      let late = Task<Void, any Error> {
        withUnsafeCurrentTask { $0?.cancel() }
        _ = try await job.get(category: "c", key: Key("a"))
      }
      #expect(await kind { try await late.value } == .cancelled)
      store.letReadsGo()
      #expect(try await job.get(category: "c", key: Key("a")) == [1])
    }
  }
}
