import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// R: many writes, many reads, many rows.
  static let jobVolumes: [ConformanceCheck] =
    [(ConformanceTier.core, 1_000), (.heavy, 10_000)].flatMap { tier, rounds in
      [
        ofJobs(
          "volume.put-then-get-\(rounds)", "In \(rounds) rounds a read sees the write queued before it", paragraph: "6",
          tier: tier
        ) { check in
          try await check.withJob(check.quickest) { job in
            for round in 0..<rounds {
              try await job.persist([.set("\(round % 50)", "\(round)")])
              try check.expectEqual(try await job.text("\(round % 50)"), "\(round)", "the row")
            }
          }
        },
        ofJobs(
          "volume.put-then-delete-\(rounds)", "In \(rounds) rounds a delete wins over the put queued before it",
          paragraph: "6", tier: tier
        ) { check in
          try await check.withJob(check.quickest) { job in
            for round in 0..<rounds {
              let key = Key(plain: "\(round % 50)")
              try await job.persistPut(category: "c", key: key, payload: [1])
              try await job.persistDelete(category: "c", key: key)
              if round % 4 == 0 {
                try check.expectEqual(try await job.exists(category: "c", key: key), false, "the row")
              }
            }
            try check.expectEqual(try await job.count(category: "c"), 0, "the rows at last")
          }
        },
      ]
    } + [
      ofJobs("volume.burst", "A burst of 100,000 queued puts from 8 tasks lands, in order per task", paragraph: "6") {
        check in
        let (tasks, puts) = (8, 12_500)
        try await check.withJob(check.quickest) { job in
          try await check.inTasks(tasks) { task in
            for put in 0..<puts {
              // The second row is overwritten each time: what stands at last is the last one queued.
              try await job.persist([
                .put(category: "c", key: Key(task, put), payload: [1]), .set("\(task)", "\(put)", in: "last"),
              ])
            }
          }
          try await job.flush()
          try check.expectEqual(try await job.count(category: "c"), tasks * puts, "the rows")
          try check.expectEqual(
            try await job.texts("last"), (0..<tasks).map { "\($0)=\(puts - 1)" }, "the last put of each task")
        }
      },
      ofJobs("volume.thousand-reads", "A thousand reads at once succeed", paragraph: "6") { check in
        try await check.withJob(check.quickest) { job in
          try await job.apply((0..<100).map { .set(numbered($0), "\($0)") })
          try await check.inTasks(1_000) { task in
            try check.expectEqual(try await job.text(numbered(task % 100)), "\(task % 100)", "the row")
            if task % 10 == 0 { try check.expectEqual(try await job.count(category: "c"), 100, "the count") }
          }
        }
      },
      ofJobs(
        "volume.seen-by-other-tasks", "A write is seen by every task that reads after its call returned", paragraph: "6"
      ) { check in
        try await check.withJob(check.quickest) { job in
          for round in 0..<200 {
            try await job.persist([.set("a", "\(round)")])
            try await check.inTasks(4) { _ in
              try check.expectEqual(try await job.text("a"), "\(round)", "the row")
              try check.expectEqual(try await job.texts(), ["a=\(round)"], "the scan")
            }
          }
        }
      },
    ]
}
