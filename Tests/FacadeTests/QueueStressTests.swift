import Foundation
import PersistencyCore
import TestSupport
import Testing

@Suite("The queue under stress")
struct QueueStressTests {
  /// What the writers were told.
  private final class Told: Sendable {
    struct State {
      var acknowledged: Set<Key> = []
      var withdrawn: Set<Key> = []
      var deleted: Set<Key> = []
      /// Acknowledged, and not seen by a read after that.
      var unread: Set<Key> = []
    }

    let state = Locked(State())

    func note(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
  }

  @Test(
    "under cancellations, tiny bounds and a close, what was acknowledged is there and what was withdrawn is not",
    arguments: 0..<6)
  func acknowledgedIsThere(round: Int) async throws {
    let gated = try GatedBackend()
    if round % 2 == 1 { gated.slow(by: 0.000_1) }
    let told = Told()
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [gated.engine])
      let job = try await jobs.openJob("test", options: JobOptions(queueBytes: [1, 700, 5_000][round % 3]))
      await withTaskGroup(of: Void.self) { group in
        for task in 0..<8 {
          group.addTask {
            for number in 0..<60 {
              await Self.write(Key(task, number), number, to: job, told)
              if task == 0, number == 45, round >= 3 { try? await jobs.close() }
            }
          }
        }
      }
      if round < 3 { try await job.flush() }
      try await jobs.close()
    }
    let there = Set(try #require(gated.keysAtClose))
    let said = told.state.withLock { $0 }
    #expect(said.unread == [])
    #expect(said.acknowledged.subtracting(there) == [])
    #expect(said.withdrawn.intersection(there) == [])
    #expect(said.deleted.intersection(there) == [])
    #expect(said.acknowledged.count > 50)
  }

  /// Puts a key, acknowledged or queued, or queues it and deletes it; cancels every fourth somewhere on its way.
  private static func write(_ key: Key, _ number: Int, to job: Job, _ told: Told) async {
    let write = Task { await attempt(key, number, job) }
    if (number * 7 + key.bytes.count + Int(key.bytes[7])) % 4 == 0 {
      for _ in 0..<(number % 5) { await Task.yield() }
      write.cancel()
    }
    let failure = await write.value
    if number % 3 == 2 {
      if failure == nil { told.note { $0.deleted.insert(key) } }
      return
    }
    told.note { told in
      if failure == nil { told.acknowledged.insert(key) }
      if failure?.outcome == .notApplied { told.withdrawn.insert(key) }
    }
    // From a task that did not write it; a close in between is no answer.
    if failure == nil, let found = try? await job.exists(category: "c", key: key), !found {
      told.note { $0.unread.insert(key) }
    }
  }

  private static func attempt(_ key: Key, _ number: Int, _ job: Job) async -> PersistencyError? {
    do throws(PersistencyError) {
      switch number % 3 {
      case 0: try await job.put(category: "c", key: key, payload: [1])
      case 1: try await job.persistPut(category: "c", key: key, payload: [1])
      default:
        try await job.persistPut(category: "c", key: key, payload: [1])
        try await job.delete(category: "c", key: key)
      }
      return nil
    } catch {
      return error
    }
  }
}
