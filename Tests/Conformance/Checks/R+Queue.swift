import PersistencyCore
import Synchronization

extension ConformanceCheck {
  private static let broken = PersistencyError(.storageFull, "the disk is full, as the check wants it")

  /// R: the write queue over a disk that is slow or broken.
  static let jobQueues: [ConformanceCheck] = [
    ofJobs(
      "queue.slow-disk-loses-nothing", "A hundred rounds on a slow disk hold writers back and lose nothing",
      paragraph: "6"
    ) { check in
      let disk = PacedEngine(check.fixture.engine)
      let (bound, size) = (8 << 10, 1_000)
      try await check.withJob(check.quickest(queueBytes: bound), on: disk.engine) { job in
        disk.slow(by: .milliseconds(1))
        let accepted = Atomic<Int>(0)
        let payload = [UInt8](repeating: 7, count: size)
        for round in 0..<100 {
          try await check.inTasks(4) { task in
            for step in 0..<4 {
              try await job.persistPut(category: "c", key: Key(round, task, step), payload: payload)
              let before = accepted.add(size, ordering: .relaxed).newValue
              // What was accepted and is not committed yet is what the queue holds.
              let held = before - disk.committedBytes.load(ordering: .relaxed)
              try check.expect(held <= bound + size, "\(held) bytes are queued, over \(bound) and a batch")
            }
          }
        }
        try await job.flush()
        try check.expectEqual(try await job.count(category: "c"), 1_600, "the rows")
        try check.expect(disk.groups.count >= 100, "only \(disk.groups.count) commits: was the disk slow at all?")
      }
    },
    ofJobs(
      "queue.enqueue-says-no", "At its bound enqueue answers false, and persist waits until there is room",
      paragraph: "6"
    ) { check in
      let disk = PacedEngine(check.fixture.engine)
      try await check.withJob(check.quickest(queueBytes: 4_000), on: disk.engine) { job in
        disk.hold()
        defer { disk.letGo() }
        var accepted = 0
        while try job.enqueue([.set("e\(accepted)", String(repeating: "x", count: 500))]), accepted < 100 {
          accepted += 1
        }
        try check.expect((2...8).contains(accepted), "\(accepted) of 500 bytes went into 4,000")
        let isIn = Atomic<Bool>(false)
        async let waiting: Void = {
          try await job.persist([.set("waited", String(repeating: "x", count: 500))])
          isIn.store(true, ordering: .releasing)
        }()
        for _ in 0..<20 { await Task.yield() }
        try check.expect(!isIn.load(ordering: .acquiring), "persist returned while the queue was full")
        disk.letGo()
        try await waiting
        try await job.flush()
        try check.expectEqual(try await job.count(category: "c"), accepted + 1, "the rows")
      }
    },
    ofJobs(
      "queue.oversize-alone", "A batch larger than the bound is admitted alone, when the queue is empty", paragraph: "6"
    ) { check in
      let disk = PacedEngine(check.fixture.engine)
      try await check.withJob(check.quickest(queueBytes: 1_000), on: disk.engine) { job in
        let big = String(repeating: "x", count: 50_000)
        disk.slow(by: .milliseconds(1))
        for round in 0..<10 {
          try await job.persist([.set("small\(round)", "1")])
          try await job.persist([.set("big\(round)", big)])
          try await job.apply([.set("acked\(round)", big)])
        }
        try check.expectEqual(try await job.count(category: "c"), 30, "the rows")
        try check.expectEqual(disk.groups.reduce(0, +), 30, "the batches committed")
      }
    },
    ofJobs("queue.stuck-disks-stall-no-third", "Two jobs on stuck disks stall no third", paragraph: "6, pools") {
      check in
      let stuck = (PacedEngine(check.fixture.engine), PacedEngine(check.fixture.engine))
      let engines = [
        check.fixture.engine, stuck.0.engine(named: "stuck0", suffix: ".stuck0"),
        stuck.1.engine(named: "stuck1", suffix: ".stuck1"),
      ]
      try await check.withJobs(engines) { jobs in
        let hung = [
          try await jobs.openJob("one", engine: engines[1], options: check.quickest),
          try await jobs.openJob("two", engine: engines[2], options: check.quickest),
        ]
        stuck.0.hold()
        stuck.1.hold()
        defer {
          stuck.0.letGo()
          stuck.1.letGo()
        }
        for job in hung { try await job.persist([.set("a", "1")]) }
        try await stuck.0.commitsBegun(1)
        try await stuck.1.commitsBegun(1)
        for round in 0..<5 {
          let third = try await jobs.openJob("third", options: check.quickest)
          for step in 0..<20 {
            try await third.persist([.set("q\(step)", "\(round)")])
            try await third.apply([.set("a\(step)", "\(round)")])
            try check.expectEqual(try await third.text("q\(step)"), "\(round)", "the row")
          }
          try check.expectEqual(try await third.count(category: "c"), 40, "the rows")
          try await jobs.closeJob("third")
        }
        try check.expectEqual(stuck.0.groups + stuck.1.groups, [], "the commits that ended meanwhile")
        stuck.0.letGo()
        stuck.1.letGo()
        for job in hung { try check.expectEqual(try await job.text("a"), "1", "the row that hung") }
      }
    },
    ofJobs("queue.acknowledged-share-commits", "Acknowledged writes of many tasks share commits", paragraph: "6") {
      check in
      let disk = PacedEngine(check.fixture.engine)
      try await check.withJob(check.quickest, on: disk.engine) { job in
        disk.slow(by: .milliseconds(2))
        try await check.inTasks(64) { task in
          for step in 0..<5 { try await job.apply([.set("\(task).\(step)", "1")]) }
        }
        try check.expectEqual(try await job.count(category: "c"), 320, "the rows")
        try check.expect(disk.groups.count < 200, "\(disk.groups.count) commits for 320 batches of 64 tasks")
      }
    },
    ofJobs(
      "queue.cancelled-before-commit", "A write cancelled before its commit is withdrawn: .notApplied, and absent",
      paragraph: "6"
    ) { check in
      let disk = PacedEngine(check.fixture.engine)
      try await check.withJob(check.quickest, on: disk.engine) { job in
        disk.hold()
        defer { disk.letGo() }
        _ = try job.enqueue([.set("first", "1")])
        try await disk.commitsBegun(1)
        let write = Task { await outcome { try await job.apply([.set("withdrawn", "1")]) } }
        await Task.yield()
        write.cancel()
        let error = await write.value
        try check.expectEqual(error?.kind, .cancelled, "the kind")
        try check.expectEqual(error?.outcome, .notApplied, "the outcome")
        disk.letGo()
        try await job.flush()
        try check.expectEqual(try await job.texts(), ["first=1"], "the rows")
      }
    },
    ofJobs(
      "queue.cancelled-in-commit", "A write cancelled during its commit is .unknown at once, and whole or absent",
      paragraph: "6"
    ) { check in
      let disk = PacedEngine(check.fixture.engine)
      try await check.withJob(check.quickest, on: disk.engine) { job in
        disk.hold()
        defer { disk.letGo() }
        let write = Task { await outcome { try await job.apply([.set("a", "1"), .set("b", "1", in: "d")]) } }
        try await disk.commitsBegun(1)
        write.cancel()
        // Promptly: the disk is still held.
        let error = await write.value
        try check.expectEqual(error?.kind, .cancelled, "the kind")
        try check.expectEqual(error?.outcome, .unknown, "the outcome")
        disk.letGo()
        try await job.flush()
        let found = [try await job.text("a"), try await job.text("b", in: "d")]
        try check.expect(found == ["1", "1"] || found == [nil, nil], "half a batch: \(found)")
      }
    },
    ofJobs(
      "queue.close-drains", "Closing commits what is queued before it returns", paragraph: "6", tier: .persistent,
      unless: { $0.capabilities.persistent ? nil : "not persistent: nothing outlives close" }
    ) { check in
      let disk = PacedEngine(check.fixture.engine)
      for (round, name) in ["closeJob", "close"].enumerated() {
        try await check.withJobs([disk.engine]) { jobs in
          let job = try await jobs.openJob("job")
          disk.slow(by: .milliseconds(2))
          for step in 0..<200 { try await job.persist([.set("\(round).\(step)", "1")]) }
          if round == 0 { try await jobs.closeJob("job") } else { try await jobs.close() }
          try await check.expectFailure(.closed, "a write after \(name)") { try await job.persist([.set("late", "1")]) }
        }
        try await check.withJob { job in
          try check.expectEqual(try await job.count(category: "c"), 200 * (round + 1), "the rows after \(name)")
        }
      }
    },
    ofJobs(
      "queue.flush-tells-first-failure", "flush throws the first failure that no flush has thrown, once", paragraph: "6"
    ) { check in
      let disk = PacedEngine(check.fixture.engine)
      try await check.withJob(check.quickest, on: disk.engine) { job in
        try await job.flush()
        disk.fail(broken)
        try await job.persist([.set("a", "1")])
        try await job.persist([.set("b", "1")])
        try await check.expectFailure(.storageFull, "the first flush") { try await job.flush() }
        try await job.flush()
        // Who waits for a write is told of it, and no flush after.
        try await check.expectFailure(.storageFull, "an acknowledged write") { try await job.apply([.set("a", "1")]) }
        try await job.flush()
        disk.fail(nil)
        try await job.persist([.set("c", "1")])
        try await job.flush()
        try check.expectEqual(try await job.texts(), ["c=1"], "the rows")
      }
    },
    ofJobs(
      "queue.close-tells-failure", "Closing throws the first failure that nobody was told, and closes all the same",
      paragraph: "6"
    ) { check in
      let disk = PacedEngine(check.fixture.engine)
      try await check.withJobs([disk.engine]) { jobs in
        let job = try await jobs.openJob("job")
        disk.fail(broken)
        try await job.persist([.set("a", "1")])
        try await check.expectFailure(.storageFull, "the close") { try await jobs.closeJob("job") }
        try check.expect(!jobs.hasJob("job"), "still open")
        disk.fail(nil)
        try check.expectEqual(try await jobs.openJob("job").texts(), [], "the rows")
      }
    },
    ofJobs(
      "queue.failures-are-told", "failures gives what failed, keeps the last 256, counts what it drops, and ends",
      paragraph: "6"
    ) { check in
      let disk = PacedEngine(check.fixture.engine)
      try await check.withJobs([disk.engine]) { jobs in
        let job = try await jobs.openJob("job", options: check.quickest)
        disk.fail(broken)
        for step in 0..<300 { try await job.persist([.set("\(step)", "1")]) }
        try await check.expectFailure(.storageFull, "the flush") { try await job.flush() }
        try check.expectEqual(job.droppedFailures, 44, "the failures dropped")
        try? await jobs.closeJob("job")
        var told = 0
        for await failure in job.failures where failure.kind == .storageFull { told += 1 }
        try check.expectEqual(told, 256, "the failures kept")
      }
    },
    ofJobs(
      "queue.full-raises-its-group", "A .full batch is synced, and with it what was queued before",
      paragraph: "4, durability",
      unless: { $0.capabilities.durability.contains(.consistent) ? nil : "level .consistent is not declared" }
    ) { check in
      let disk = PacedEngine(check.fixture.engine)
      try await check.withJob(JobOptions(durability: .consistent), on: disk.engine) { job in
        try await job.apply([.set("a", "1")])
        try check.expectEqual(disk.syncedGroups, 0, "the commits synced for a .consistent batch")
        try await job.persist([.set("b", "1")])
        try await job.apply([.set("d", "1")], durability: .full)
        try check.expectEqual(disk.syncedGroups, 1, "the commits synced for a .full batch")
        try check.expectEqual(try await job.texts(), ["a=1", "b=1", "d=1"], "the rows")
      }
    },
  ]
}

/// What a write of a task of its own failed of; nil when it succeeded.
private func outcome(_ write: () async throws -> Void) async -> PersistencyError? {
  do {
    try await write()
    return nil
  } catch {
    return error as? PersistencyError ?? PersistencyError(.backend, "an error of another type: \(error)")
  }
}
