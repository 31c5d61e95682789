import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("A disk that takes its time", .enabled(if: FaultInjector.system != nil, "this build holds no system call"))
struct SlowDiskTests {
  @Test(
    "While the syncs of four jobs hang, jobs on other disks and in memory open, write, read and close",
    arguments: Engine.stored)
  func stuckSyncs(_ engine: Engine) async throws {
    let system = try #require(FaultInjector.system)
    try await withRoot { root in
      let slow = try Persistency(rootDirectory: root + "/slow", engines: [engine])
      let quick = try Persistency(rootDirectory: root + "/quick", engines: [engine, .memory])
      var stuck: [Job] = []
      for number in 0..<4 {
        stuck.append(try await slow.openJob("\(number)", options: JobOptions(durability: .full)))
      }
      try await system.during(Fault([.sync], count: nil, .hold), below: root + "/slow") { armed in
        let writes = stuck.map { job in Task { try await job.put(category: "c", key: Key("k"), payload: [1]) } }
        while armed.hits < 4 { try await Task.sleep(for: .milliseconds(2)) }
        for other in [engine, .memory] {
          let job = try await quick.openJob("on \(other)", engine: other)
          for number in 0..<20 { try await job.put(category: "c", key: Key(Int64(number)), payload: [2]) }
          #expect(try await job.count(category: "c") == 20)
        }
        try await quick.close()
        // Reads of a job whose write is not committed wait for it; what was there before can be visited.
        #expect(armed.hits == 4)
        armed.release()
        for write in writes { try await write.value }
      }
      for job in stuck { #expect(try await job.get(category: "c", key: Key("k")) == [1]) }
      try await slow.close()
    }
  }

  @Test(
    "What is written while a sync hangs is acknowledged when it ends, in order, and none before",
    arguments: Engine.stored)
  func order(_ engine: Engine) async throws {
    let system = try #require(FaultInjector.system)
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let job = try await jobs.openJob("job", options: JobOptions(durability: .full))
      try await system.during(Fault([.sync], count: nil, .hold), below: root) { armed in
        let first = Task { try await job.put(category: "c", key: Key("k"), payload: [1]) }
        while armed.hits == 0 { try await Task.sleep(for: .milliseconds(2)) }
        let others = (2..<12).map { number in
          Task { try await job.put(category: "c", key: Key(Int64(number)), payload: [UInt8(number)]) }
        }
        // Cancelled while it waits, it says so at once, and what becomes of it.
        let late = Task { try await job.put(category: "c", key: Key("late"), payload: []) }
        late.cancel()
        #expect(await kind { try await late.value } == .cancelled)
        #expect(armed.hits == 1)
        armed.release()
        try await first.value
        for other in others { try await other.value }
      }
      #expect(try await job.count(category: "c") == 11)
      try await jobs.close()
    }
  }

  @Test("A wall clock that jumps by a thousand days holds nothing up and loses nothing", arguments: Engine.stored)
  func clock(_ engine: Engine) async throws {
    try await withRoot { root in
      await #expect(processExitsWith: .exitCode(0)) { [root = root as String, name = engine.name as String] in
        let engine = try #require(Engine.stored.first { $0.name == name })
        alarm(120)
        var count = 0
        for days: Int64 in [0, 1_000, -1_000, 0] {
          WallClock.shift(by: days * 86_400)
          let now = Int64(Date().timeIntervalSince1970)
          guard days == 0 || abs(now - (bootTime() + days * 86_400)) < 3_600 else { exit(1) }
          let jobs = try Persistency(rootDirectory: root, engines: [engine])
          let job = try await jobs.openJob("job")
          for _ in 0..<30 {
            try await job.persistPut(category: "c", key: Key(Int64(count)), payload: [1])
            count += 1
          }
          try await job.flush()
          WallClock.shift(by: -days * 86_400)
          try await job.put(category: "c", key: Key(Int64(count)), payload: [1])
          count += 1
          guard try await job.count(category: "c") == count else { exit(2) }
          try await jobs.close()
        }
        exit(0)
      }
    }
  }
}

/// The time as the system says it, not as this process is made to believe.
private func bootTime() -> Int64 {
  let lines = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?.split(separator: "\n") ?? []
  let boot = lines.first { $0.hasPrefix("btime") }?.split(separator: " ").last.flatMap { Int64($0) } ?? 0
  let up =
    (try? String(contentsOfFile: "/proc/uptime", encoding: .utf8))?.split(separator: ".").first.flatMap { Int64($0) }
    ?? 0
  return boot + up
}
