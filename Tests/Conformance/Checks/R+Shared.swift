import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// R: tasks that meet at the same rows.
  static let jobsShared: [ConformanceCheck] = [
    ofJobs("shared.update-loses-nothing", "Updates of one counter by many tasks lose none", paragraph: "6") { check in
      try await check.withJob(check.quickest) { job in
        try await check.inTasks(8) { _ in
          for _ in 0..<25 {
            try await job.update(category: "c", key: Key(plain: "n")) { old in
              var number = 0
              if let old { number = try Payload.decode(old, as: Int.self) }
              return try Payload.encode(number + 1)
            }
          }
        }
        let counted = try await job.get(Int.self, category: "c", key: Key(plain: "n"))
        try check.expectEqual(counted, 200, "the counter")
      }
    },
    ofJobs("shared.put-if-absent-has-one-winner", "Of tasks that put one absent key exactly one wins", paragraph: "4.4")
    { check in
      try await check.withJob(check.quickest) { job in
        for round in 0..<20 {
          let winners = Locked<[Int]>([])
          try await check.inTasks(8) { task in
            let key = Key(plain: "\(round)")
            if try await job.putIfAbsent(category: "c", key: key, payload: Array("\(task)".utf8)) {
              winners.withLock { $0.append(task) }
            }
          }
          let won = winners.withLock { $0 }
          try check.expectEqual(won.count, 1, "the winners")
          try check.expectEqual(try await job.text("\(round)"), "\(won[0])", "whose payload stands")
        }
      }
    },
    ofJobs(
      "shared.compare-and-set-loses-nothing", "A counter by compareAndSet from many tasks loses no step",
      paragraph: "4.4"
    ) { check in
      try await check.withJob(check.quickest) { job in
        let key = Key(plain: "n")
        try await check.inTasks(6) { _ in
          for _ in 0..<15 {
            while true {
              let old = try await job.get(category: "c", key: key)
              let number = old.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
              let new = Array("\(number + 1)".utf8)
              if try await job.compareAndSet(category: "c", key: key, expected: old, payload: new) { break }
            }
          }
        }
        try check.expectEqual(try await job.text("n"), "90", "the counter")
      }
    },
    ofJobs("shared.multi-get-is-one-state", "get(keys:) reads all its keys from one state", paragraph: "6") { check in
      try await check.withJob(check.quickest) { job in
        try await job.apply([.set("a", "0"), .set("z", "0")])
        let isDone = Atomic<Bool>(false)
        try await check.inTasks(3) { task in
          if task == 0 {
            for round in 1...300 { try await job.apply([.set("a", "\(round)"), .set("z", "\(round)")]) }
            isDone.store(true, ordering: .releasing)
          }
          while task > 0, !isDone.load(ordering: .acquiring) {
            // A read that need not wait never suspends: by itself it would keep the writer from its thread.
            await Task.yield()
            let found = try await job.get(category: "c", keys: [Key(plain: "a"), Key(plain: "z"), Key(plain: "no")])
            try check.expectEqual(found.count, 3, "the payloads")
            try check.expect(found[0] == found[1] && found[2] == nil, "two states: \(found)")
          }
        }
      }
    },
    ofJobs(
      "shared.rows-beside-writes", "rows gives every untouched row, none twice and none out of order, beside writes",
      paragraph: "6"
    ) { check in
      try await check.withJob(check.quickest) { job in
        let stable = (0..<4_000).map { numbered($0 * 2) }
        try await job.apply(stable.map { .set($0, "stays") })
        for reverse in [false, true] {
          let isDone = Atomic<Bool>(false)
          try await check.inTasks(2) { task in
            if task == 0 {
              var round = 0
              while !isDone.load(ordering: .acquiring) {
                round += 1
                let key = numbered((round * 7_919 % 4_000) * 2 + 1)
                try await job.apply(round % 3 == 0 ? [.remove(key)] : [.set(key, "passes")])
              }
              return
            }
            defer { isDone.store(true, ordering: .releasing) }
            var seen: [String] = []
            var last: Key?
            for try await row in job.rows(category: "c", reverse: reverse) {
              if let last { try check.expect(reverse ? row.key < last : row.key > last, "\(row.key) after \(last)") }
              last = row.key
              if row.payload == Array("stays".utf8) { seen.append(row.key.plain) }
            }
            try check.expect(seen == (reverse ? stable.reversed() : stable), "\(seen.count) of 4,000 untouched rows")
          }
        }
      }
    },
    ofJobs(
      "shared.batches-whole", "Readers of a job never see half a batch, nor a sum that a transfer changed",
      paragraph: "4.3", tier: .concurrency
    ) { check in
      try await check.withJob(check.quickest) { job in
        let accounts = 16
        try await job.apply((0..<accounts).map { .set(numbered($0), "100") })
        let isDone = Atomic<Bool>(false)
        try await check.inTasks(6) { task in
          if task < 3 {
            var generator = SeededGenerator(seed: check.seed &+ UInt64(task))
            for _ in 0..<150 { try await Self.transfer(job, accounts, &generator) }
            if task == 0 { isDone.store(true, ordering: .releasing) }
          }
          while task >= 3, !isDone.load(ordering: .acquiring) {
            await Task.yield()
            let sum = try await job.scan(category: "c").reduce(0) {
              $0 + (Int(String(decoding: $1.payload, as: UTF8.self)) ?? 0)
            }
            try check.expectEqual(sum, accounts * 100, "the sum")
          }
        }
      }
    },
    ofJobs(
      "shared.close-beside-everything", "A close beside every kind of call lets each end well or throw .closed",
      paragraph: "6", tier: .concurrency
    ) { check in
      for round in 0..<5 {
        let jobs = try Persistency(rootDirectory: check.directory, engines: [check.fixture.engine])
        let job = try await jobs.openJob("job \(round)", options: check.quickest(queueBytes: 2_000))
        try await job.apply((0..<200).map { .set(numbered($0), "1") })
        try await check.inTasks(9) { task in
          if task == 8 {
            for _ in 0..<(round * 20) { await Task.yield() }
            return try await jobs.close()
          }
          try await check.expectFailure(.closed, "task \(task)") {
            for step in 0..<1_000_000 {
              await Task.yield()
              switch task {
              case 0: try await job.persist([.set("q\(step % 50)", "1")])
              case 1: try await job.apply([.set("a\(step % 50)", "1")])
              case 2: _ = try await job.text(numbered(step % 200))
              case 3: _ = try await job.scan(category: "c")
              case 4: for try await _ in job.rows(category: "c") {}
              case 5: _ = try await job.update(category: "c", key: Key(plain: "u")) { _ in [UInt8(step & 0xFF), 1] }
              case 6: try await job.flush()
              default: _ = try await job.get(category: "c", keys: [Key(plain: "u"), Key(plain: "a1")])
              }
            }
          }
        }
      }
    },
  ]

  /// Moves 1 from one account to another, as a conditional batch that is tried again when another came between.
  private static func transfer(_ job: Job, _ accounts: Int, _ generator: inout SeededGenerator) async throws {
    while true {
      let from = Int.random(in: 0..<accounts, using: &generator)
      let to = (from + Int.random(in: 1..<accounts, using: &generator)) % accounts
      let keys = [Key(plain: numbered(from)), Key(plain: numbered(to))]
      let found = try await job.get(category: "c", keys: keys).map { $0 ?? [] }
      let amounts = found.map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
      do throws(PersistencyError) {
        return try await job.apply([
          .expect(category: "c", key: keys[0], payload: found[0]),
          .expect(category: "c", key: keys[1], payload: found[1]),
          .put(category: "c", key: keys[0], payload: Array("\(amounts[0] - 1)".utf8)),
          .put(category: "c", key: keys[1], payload: Array("\(amounts[1] + 1)".utf8)),
        ])
      } catch {
        if error.kind != .conflict { throw error }
      }
    }
  }
}
