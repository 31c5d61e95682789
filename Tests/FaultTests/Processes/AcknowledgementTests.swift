import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite(
  "What an acknowledgement waits for", .enabled(if: FaultInjector.system != nil, "this build counts no system call"))
struct AcknowledgementTests {
  @Test(
    "A commit that is acknowledged as durable was synced before, and while its sync hangs neither it nor any behind it is",
    arguments: Engine.stored, [true, false])
  func afterSync(_ engine: Engine, isFullJob: Bool) async throws {
    let system = try #require(FaultInjector.system)
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let job = try await jobs.openJob("job", options: JobOptions(durability: isFullJob ? .full : .consistent))
      try await job.put(category: "c", key: Key(Int64(0)), payload: [0], durability: .full)
      // Never fires: it counts.
      let counting = Fault([.sync], first: .max, .error(EIO))
      try await system.during(counting, below: root) { armed in
        for number in 1...20 {
          let before = armed.seen
          try await job.put(
            category: "c", key: Key(Int64(number)), payload: [1], durability: isFullJob ? nil : .full)
          #expect(armed.seen > before, "put \(number) was acknowledged without a sync")
        }
      }
      // Held at its sync, none is acknowledged, nor is any behind it.
      let order = Told()
      try await system.during(Fault([.sync], count: nil, .hold), below: root) { armed in
        var writes: [Task<Void, any Error>] = []
        for number in 0..<10 {
          writes.append(
            Task {
              try await job.put(category: "d", key: Key(Int64(number)), payload: [2], durability: .full)
              await order.note(number)
            })
          // The first is being synced when the others are queued, one after the other.
          while armed.hits == 0 { try await Task.sleep(for: .milliseconds(1)) }
          try await Task.sleep(for: .milliseconds(2))
        }
        #expect(await order.numbers == [])
        armed.release()
        for write in writes { try await write.value }
      }
      #expect(await order.numbers.sorted() == Array(0..<10))
      try await jobs.close()
    }
  }

  private actor Told {
    private(set) var numbers: [Int] = []
    func note(_ number: Int) { numbers.append(number) }
  }
}
