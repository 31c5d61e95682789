import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults
import PersistencySQLite
import TestSupport
import Testing

@Suite("SQLite: a checkpoint that fails", .enabled(if: FaultInjector.system != nil, "this build makes no write fail"))
struct CheckpointTests {
  @Test(
    "loses nothing and stops nobody: the log keeps what the file cannot take, until it can", arguments: [EIO, ENOSPC])
  func failing(_ code: Int32) async throws {
    let system = try #require(FaultInjector.system)
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
      let job = try await jobs.openJob("job")
      let payload = [UInt8](repeating: 3, count: 100_000)
      // The file alone: its log takes everything.
      try await system.during(Fault([.write, .sync], count: nil, .error(code)), below: root + "/job.db") { armed in
        for number in 0..<200 { try await job.put(category: "c", key: Key(Int64(number)), payload: payload) }
        #expect(armed.hits > 0, "no checkpoint was tried")
        #expect(try await job.count(category: "c") == 200)
      }
      let log = { (try? FileManager.default.attributesOfItem(atPath: root + "/job.db-wal")[.size] as? Int) ?? 0 }
      let grown = log()
      #expect(grown > 15_000_000)
      for number in 200..<500 { try await job.put(category: "c", key: Key(Int64(number)), payload: payload) }
      #expect(log() <= grown + 40_000_000)
      #expect(try await job.count(category: "c") == 500)
      try await jobs.close()
      #expect(log() == 0)
      let again = try Persistency(rootDirectory: root, engines: [.sqlite])
      #expect(try await again.openJob("job").count(category: "c") == 500)
      try await again.close()
    }
  }
}
