import Foundation
import PersistencyCore
import TestSupport
import Testing

@Suite("When descriptors run out", .enabled(if: ProcessUse.isKnown))
struct DescriptorTests {
  @Test(
    "1,000 jobs at a limit of 1,024: the error names limit and need, and those that are open go on",
    arguments: Engine.every)
  func thousand(_ engine: Engine) async throws {
    try await withFastRoot { root in
      let child = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        [root = root as String, name = engine.name as String] in
        ProcessUse.limitDescriptors(to: 1_024)
        let jobs = try Persistency(rootDirectory: root, engines: [try .named(name)])
        var open: [Job] = []
        var refusal: PersistencyError?
        while refusal == nil, open.count < 1_000 {
          do throws(PersistencyError) {
            open.append(try await jobs.openJob("\(open.count)"))
          } catch {
            refusal = error
          }
        }
        if name == "memory" {
          #expect(open.count == 1_000)
        } else {
          print(open.count, "jobs, then:", refusal?.message ?? "nothing")
          #expect(open.count > 100 && refusal?.isOfDescriptors == true)
          #expect(refusal?.message.contains("1024") == true && refusal?.message.contains("more") == true)
        }
        // Every one still takes writes; and reads, once a few descriptors are there again.
        for job in open { try await job.put(category: "c", key: Key(), payload: [1]) }
        let refused = "\(open.count)"
        for job in open.suffix(3) { try await jobs.closeJob(job.id) }
        for job in open.dropLast(3) {
          let payload = try await job.get(category: "c", key: Key())
          #expect(payload == [1])
          try await jobs.closeJob(job.id)
        }
        let again = try await jobs.openJob(refused)
        try await again.put(category: "c", key: Key(), payload: [1])
        try await jobs.close()

        let reopened = try Persistency(rootDirectory: root, engines: [try .named(name)])
        for stored in try reopened.storedJobs() {
          let payload = try await reopened.openJob(stored.id).get(category: "c", key: Key())
          #expect(payload == [1])
          try await reopened.closeJob(stored.id)
        }
        try await reopened.close()
      }
      child?.show()
    }
  }

  @Test("However few are left when a job is opened, it opens or says so, and nothing is lost", arguments: Engine.stored)
  func opening(_ engine: Engine) async throws {
    try await withFastRoot { root in
      let child = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        [root = root as String, name = engine.name as String] in
        ProcessUse.limitDescriptors(to: 128)
        let jobs = try Persistency(rootDirectory: root, engines: [try .named(name)])
        let old = try await jobs.openJob("old")
        try await old.put(category: "c", key: Key(), payload: [1])
        try await jobs.closeJob("old")
        var refusals = 0
        // Fewer would be the end of Swift's runtime, which the last 16 are left to.
        for free in 16..<36 {
          for id in ["old", "new \(free)"] {
            let taken = ProcessUse.exhaustDescriptors(leaving: free)
            let failure = await failure { _ = try await jobs.openJob(id) }
            ProcessUse.giveBack(taken)
            #expect(failure?.isOfDescriptors ?? true)
            if failure != nil { refusals += 1 }
            let payload = try await jobs.openJob(id).get(category: "c", key: Key())
            #expect(payload == (id == "old" ? [1] : nil))
            try await jobs.closeJob(id)
          }
        }
        print(name, "refused", refusals)
        #expect(refusals >= 10 && refusals < 40)
        try await jobs.close()
      }
      child?.show()
    }
  }

  @Test(
    "In mid-life: writes go on, what cannot be read says so, and can be once there are some", arguments: Engine.every)
  func midLife(_ engine: Engine) async throws {
    try await withFastRoot { root in
      let child = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        [root = root as String, name = engine.name as String] in
        ProcessUse.limitDescriptors(to: 128)
        let jobs = try Persistency(rootDirectory: root, engines: [try .named(name)])
        let job = try await jobs.openJob("a")
        let taken = ProcessUse.exhaustDescriptors(leaving: 12)
        for number in 0..<10 { try await job.put(category: "c", key: Key(number), payload: [1]) }
        var failures: [PersistencyError] = []
        for read in [
          await failure { _ = try await job.get(category: "c", key: Key(0)) },
          await failure { _ = try await job.scan(category: "c") },
          await failure { _ = try await job.count(category: "c") },
          await failure { _ = try await job.get(category: "c", keys: [Key(0), Key(1)]) },
          await failure { _ = try await jobs.openJob("b") },
        ] {
          if let read { failures.append(read) }
        }
        #expect(try jobs.storedJobs().map(\.id) == (name == "memory" ? [] : ["a"]))
        print(name, failures.count, "failures:", failures.first?.description ?? "none")
        for error in failures { #expect(error.isOfDescriptors) }
        try await jobs.closeJob("a")
        ProcessUse.giveBack(taken)
        let keys = try await jobs.openJob("a").keys(category: "c")
        #expect(keys.count == (name == "memory" ? 0 : 10))
        try await jobs.close()
      }
      child?.show()
    }
  }
}

private func failure(_ body: () async throws -> Void) async -> PersistencyError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? PersistencyError ?? PersistencyError(.unsupported, "an error of another type: \(error)")
  }
}

extension PersistencyError {
  fileprivate var isOfDescriptors: Bool { kind == .backend && backendCode == Int(EMFILE) }
}
