import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("A very large batch", .enabled(if: FaultInjector.system != nil, "this build cannot be killed in the middle"))
struct BigBatchTests {
  @Test("killed in the middle is not there at all; the one before it is", arguments: Engine.stored)
  func killed(_ engine: Engine) async throws {
    try await withRoot { root in
      for first in [1, 3, 10] {
        await #expect(processExitsWith: .signal(SIGKILL)) {
          [root = root as String, name = engine.name as String, first = first as Int] in
          let engine = try #require(Engine.stored.first { $0.name == name })
          let jobs = try Persistency(rootDirectory: root, engines: [engine])
          let job = try await jobs.openJob("job", options: JobOptions(queueBytes: 1 << 30))
          try await job.put(category: "before", key: Key(Int64(first)), payload: [1])
          let payload = [UInt8](repeating: 7, count: 40)
          let ops: [TxOp] = (0..<200_000).map { .put(category: "c", key: Key(Int64($0)), payload: payload) }
          let system = try #require(FaultInjector.system)
          // One write of a commit or another; the last few of it are the ones that matter, and other tests kill there.
          try await system.during(Fault([.write], first: first, .kill), below: root) { _ in try await job.apply(ops) }
          exit(0)
        }
        let jobs = try Persistency(rootDirectory: root, engines: [engine])
        let job = try await jobs.openJob("job")
        #expect(try await job.count(category: "c") == 0)
        #expect(try await job.get(category: "before", key: Key(Int64(first))) == [1])
        try await jobs.close()
      }
    }
  }
}
