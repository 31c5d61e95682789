import Foundation
import PersistencyCore
import PersistencyMemory
import PersistencySQLite
import Testing

/// Jobs of which each has a disk of its own that can be stuck, beside one on a disk that is not.
private struct Disks: Sendable {
  let stuck: [GatedBackend]
  let jobs: Persistency

  init(_ count: Int, root: String = "/nowhere", beside others: [Engine] = [.memory]) throws {
    let stuck = try (0..<count).map { _ in try GatedBackend() }
    self.stuck = stuck
    jobs = try Persistency(
      rootDirectory: root, engines: others + stuck.enumerated().map { $1.engine(named: "stuck\($0)") })
  }

  /// Opens a job on each, its reads on the reader pool, where a call that hangs belongs.
  func open() async throws -> [Job] {
    var open: [Job] = []
    for engine in jobs.engines where engine.name.hasPrefix("stuck") {
      open.append(try await jobs.openJob(engine.name, engine: engine, options: .init(readsOffCallerThread: true)))
    }
    return open
  }

  func hold() { for disk in stuck { disk.hold() } }
  func letGo() {
    for disk in stuck {
      disk.letGo()
      disk.letReadsGo()
    }
  }
  /// How many commits hang.
  var commits: Int { stuck.reduce(0) { $0 + $1.commitsBegun } }
}

private final class Count: Sendable {
  private let state: Locked<Int>
  init(_ value: Int) { state = Locked(value) }
  var value: Int { state.withLock { $0 } }
  func add(_ number: Int) { state.withLock { $0 += number } }
}

// What hangs, hangs in the pools of the process: each test has a process of its own.
@Suite("Stuck disks", .timeLimit(.minutes(10)))
struct StuckDiskTests {
  @Test("Jobs whose commits and reads hang stall neither the writes and reads nor the opening and closing of another")
  func third() async throws {
    try await withFastRoot { root in
      await #expect(processExitsWith: .success) { [root = root as String] in
        let disks = try Disks(4, root: root, beside: [.sqlite, .memory])
        let jobs = try await disks.open()
        // Two in a commit, two in a read.
        for disk in disks.stuck[..<2] { disk.hold() }
        for disk in disks.stuck[2...] { disk.holdReads() }
        let hung = Count(4)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for job in jobs[..<2] {
            group.addTask {
              try await job.put(category: "c", key: Key(), payload: [1])
              hung.add(-1)
            }
          }
          for job in jobs[2...] {
            group.addTask {
              _ = try await job.get(category: "c", key: Key())
              hung.add(-1)
            }
          }
          while disks.commits < 2 || disks.stuck[2...].contains(where: { $0.readsBegun < 1 }) {
            try await Task.sleep(for: .milliseconds(1))
          }
          for engine in [Engine.sqlite, .memory] {
            for round in 0..<3 {
              let job = try await disks.jobs.openJob("third", engine: engine)
              for number in 0..<20 {
                try await job.put(category: "c", key: Key(round, number), payload: [1])
                try await job.persistPut(category: "d", key: Key(round, number), payload: [1])
              }
              let found = try await job.get(category: "c", key: Key(round, 19))
              // On the reader pool, as a count of many rows is.
              let rows = try await job.count(category: "d")
              #expect(found == [1] && rows == (engine.name == "memory" ? 20 : 20 * (round + 1)))
              try await disks.jobs.closeJob("third")
            }
            if engine.capabilities.persistent { try await disks.jobs.dropJob("third") }
          }
          #expect(hung.value == 4)
          disks.letGo()
          try await group.waitForAll()
        }
        try await disks.jobs.close()
      }
    }
  }

  @Test("A pool grows to 64 threads, shared by all jobs, and what waits behind 64 stuck calls is served after them")
  func bound() async throws {
    await #expect(processExitsWith: .success) {
      let disks = try Disks(70)
      let jobs = try await disks.open()
      disks.hold()
      for job in jobs { try await job.persistPut(category: "c", key: Key(), payload: [1]) }
      while disks.commits < 64 { try await Task.sleep(for: .milliseconds(1)) }
      // Time for some more, if there were more.
      try await Task.sleep(for: .milliseconds(300))
      #expect(disks.commits == 64)
      if ProcessUse.isKnown { #expect(ProcessUse.threads < 64 + 32) }
      // Reads do not wait for the writers' pool.
      disks.letGo()
      for job in jobs {
        try await job.flush()
        let payload = try await job.get(category: "c", key: Key())
        #expect(payload == [1])
      }
      try await disks.jobs.close()
    }
  }

  @Test("Who waits for a slow disk holds no thread of the cooperative pool")
  func cooperative() async throws {
    await #expect(processExitsWith: .success) {
      let disks = try Disks(40)
      let jobs = try await disks.open()
      let memory = try await disks.jobs.openJob("memory")
      disks.hold()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for job in jobs {
          group.addTask { try await job.put(category: "c", key: Key(), payload: [1]) }
          group.addTask { _ = try await job.get(category: "c", key: Key()) }
          group.addTask { try await job.flush() }
        }
        while disks.commits < 8 { try await Task.sleep(for: .milliseconds(1)) }
        for number in 0..<1_000 {
          try await memory.persistPut(category: "c", key: Key(number), payload: [1])
          let payload = try await memory.get(category: "c", key: Key(number / 2))
          #expect(payload == [1])
        }
        disks.letGo()
        try await group.waitForAll()
      }
      try await disks.jobs.close()
    }
  }

  @Test("The pools grow although every thread of the cooperative pool is blocked")
  func blocked() async throws {
    await #expect(processExitsWith: .success) {
      let disks = try Disks(12)
      let jobs = try await disks.open()
      disks.hold()
      let over = Count(0)
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<ProcessInfo.processInfo.activeProcessorCount * 2 {
          group.addTask { while over.value == 0 { usleep(1_000) } }
        }
        // This thread is one of them.
        let patience = Date(timeIntervalSinceNow: 60)
        for job in jobs {
          let isQueued = try? job.enqueue([.put(category: "c", key: Key(), payload: [1])])
          #expect(isQueued == true)
        }
        while disks.commits < 12, Date() < patience { usleep(1_000) }
        #expect(disks.commits == 12)
        over.add(1)
      }
      disks.letGo()
      try await disks.jobs.close()
    }
  }

  @Test("Closing everything drains and closes what is not stuck before what is")
  func closing() async throws {
    await #expect(processExitsWith: .success) {
      let disks = try Disks(6)
      let jobs = try await disks.open()
      let (stuck, sound) = (disks.stuck[0], disks.stuck[1...])
      stuck.hold()
      for job in jobs { try await job.persistPut(category: "c", key: Key(), payload: [1]) }
      let closing = Task { try await disks.jobs.close() }
      while sound.contains(where: { $0.keysAtClose == nil }) { try await Task.sleep(for: .milliseconds(1)) }
      let drained = sound.map(\.keysAtClose)
      #expect(drained == Array(repeating: [Key()], count: 5) && stuck.keysAtClose == nil)
      stuck.letGo()
      try await closing.value
      let last = stuck.keysAtClose
      #expect(last == [Key()])
    }
  }
}
