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

@Suite("Jobs that are made, dropped and lost")
struct LifeTests {
  @Test(
    "A job dropped under its readers and writers: each call ends, or says that it is closed; the id is free and empty",
    arguments: Engine.every)
  func dropInUse(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      for round in 0..<3 {
        let job = try await jobs.openJob("job")
        #expect(try await job.count(category: "c") == 0, "round \(round)")
        let calls = Locked(0)
        let users = (0..<8).map { number in
          Task {
            for step in 0... {
              switch (number + step) % 4 {
              case 0: try await job.put(category: "c", key: Key(Int64(step), Int64(number)), payload: [1])
              case 1: try await job.persistPut(category: "c", key: Key(Int64(step), Int64(number)), payload: [2])
              case 2: _ = try await job.scan(category: "c", limit: 50)
              default: for try await _ in job.rows(category: "c") {}
              }
              calls.withLock { $0 += 1 }
            }
          }
        }
        while calls.withLock({ $0 }) < 40 { try await Task.sleep(for: .milliseconds(1)) }
        try await jobs.dropJob("job")
        for user in users { #expect(await kind { try await user.value } == .closed) }
        let left = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        #expect(left.allSatisfy { $0.hasSuffix(".lock") }, "\(left)")
      }
      try await jobs.close()
    }
  }

  enum Loss: String, CaseIterable, Sendable { case removed, replaced, rootRemoved }

  @Test(
    "regression: a store removed or replaced under an open job takes no write that is acknowledged as durable",
    arguments: Engine.stored, Loss.allCases)
  func removedUnderneath(_ engine: Engine, _ loss: Loss) async throws {
    try await withRoot { root in
      let files = FileManager.default
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let durable = try await jobs.openJob("durable", options: JobOptions(durability: .full))
      let other = try await jobs.openJob("other")
      for job in [durable, other] { try await job.put(category: "c", key: Key("k"), payload: [1]) }
      for name in ["durable", "other"] {
        let store = root + "/" + name + engine.fileSuffix
        switch loss {
        case .removed: try files.removeItem(atPath: store)
        case .replaced:
          try files.moveItem(atPath: store, toPath: store + "-away")
          try files.copyItem(atPath: store + "-away", toPath: store)
        case .rootRemoved: break
        }
      }
      if loss == .rootRemoved { try files.removeItem(atPath: root) }
      for call in [
        { try await durable.put(category: "c", key: Key("l"), payload: [2]) },
        { _ = try await durable.delete(category: "c", key: Key("k")) },
        { try await other.apply([.put(category: "c", key: Key("l"), payload: [2])], durability: .full) },
        {
          try await durable.persistPut(category: "c", key: Key("m"), payload: [3])
          try await durable.flush()
        },
      ] as [() async throws -> Void] {
        do {
          try await call()
          Issue.record("a write into a store that is not there was acknowledged")
        } catch let error as PersistencyError {
          #expect(error.kind == .corrupted && error.outcome == .notApplied && error.tellsWhatToDo, "\(error)")
        }
      }
      // The close says so too, and does not call what stands there cleanly closed.
      #expect(await kind { try await jobs.close() } == .corrupted)
      if loss == .rootRemoved { return }
      let manifest = try String(contentsOfFile: root + "/other.job", encoding: .utf8)
      #expect(!manifest.contains("\"clean\""))
    }
  }

  @Test(
    "Killed at any call while a job is made, the next opening makes it, and nothing is half there",
    .enabled(if: FaultInjector.system != nil, "this build cannot be killed in the middle"), arguments: Engine.stored)
  func killedWhileMaking(_ engine: Engine) async throws {
    for first in stride(from: 1, to: 60, by: 4) {
      try await withRoot { parent in
        let root = parent + "/root"
        await #expect(processExitsWith: .signal(SIGKILL)) {
          [parent = parent as String, root = root as String, name = engine.name as String, first = first as Int] in
          let engine = try #require(Engine.stored.first { $0.name == name })
          let system = try #require(FaultInjector.system)
          let calls: Set<Fault.Call> = [.write, .sync, .truncate, .open, .rename, .makeFolder]
          try await system.during(Fault(calls, first: first, .kill), below: root) { _ in
            let job = try await Persistency(rootDirectory: root, engines: [engine]).openJob("job")
            // One call or another kills it, at the latest here.
            for number in 0... {
              try await job.put(category: "c", key: Key(Int64(number)), payload: [1], durability: .full)
              _ = FileManager.default.createFile(atPath: parent + "/told", contents: Data("\(number + 1)".utf8))
            }
          }
        }
        let told = (try? String(contentsOfFile: parent + "/told", encoding: .utf8)).flatMap { Int($0) } ?? 0
        let jobs = try Persistency(rootDirectory: root, engines: [engine])
        let job = try await jobs.openJob("job")
        let count = try await job.count(category: "c")
        #expect(count == told || count == told + 1, "killed at call \(first)")
        try await job.put(category: "d", key: Key(), payload: [])
        try await jobs.close()
        #expect(try await Self.rows(root, engine) == count + 1, "killed at call \(first)")
      }
    }
  }

  private static func rows(_ root: String, _ engine: Engine) async throws -> Int {
    let jobs = try Persistency(rootDirectory: root, engines: [engine])
    let count = try await jobs.countJob("job")
    try await jobs.close()
    return count
  }
}
