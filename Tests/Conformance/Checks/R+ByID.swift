import PersistencyCore

extension ConformanceCheck {
  /// R: calls by job id, and the process-wide instance.
  static let jobsByID: [ConformanceCheck] = [
    ofJobs("job.by-id", "Every call by id does what the job's own does", paragraph: "6") { check in
      try await check.withJobs { jobs in
        let job = try await jobs.openJob("j")
        try check.expectEqual(try await jobs.persist("j", [.set("a", "1")]), true, "persist")
        try check.expectEqual(try jobs.enqueue("j", [.set("b", "2")]), true, "enqueue")
        try await jobs.apply("j", [.set("d", "4")])
        try await jobs.put("j", category: "c", key: Key(plain: "e"), payload: [0x35])
        try await jobs.persistPut("j", category: "c", key: Key(plain: "f"), payload: [0x36])
        try await jobs.persistDelete("j", category: "c", key: Key(plain: "f"))
        try check.expectEqual(try await jobs.delete("j", category: "c", key: Key(plain: "d")), true, "delete")
        try await jobs.flush("j")
        try check.expectEqual(try await jobs.get("j", category: "c", key: Key(plain: "a")), [0x31], "get")
        try check.expectEqual(try await jobs.exists("j", category: "c", key: Key(plain: "d")), false, "exists")
        try check.expectEqual(try await jobs.scan("j", category: "c").map(\.plain), ["a=1", "b=2", "e=5"], "scan")
        try check.expectEqual(try await jobs.count("j", category: "c"), 3, "count")
        try check.expectEqual(try await job.texts(), ["a=1", "b=2", "e=5"], "the job's own scan")
      }
    },
    ofJobs(
      "job.unknown-by-id",
      "By id of a job that is not open reads and acknowledged writes throw; queued writes are dropped, counted, and false",
      paragraph: "6"
    ) { check in
      try await check.withJobs { jobs in
        let key = Key(plain: "a")
        try await check.expectFailure(.jobNotFound, "get") { _ = try await jobs.get("none", category: "c", key: key) }
        try await check.expectFailure(.jobNotFound, "scan") { _ = try await jobs.scan("none", category: "c") }
        try await check.expectFailure(.jobNotFound, "apply") { try await jobs.apply("none", [.set("a", "1")]) }
        try await check.expectFailure(.jobNotFound, "put") {
          try await jobs.put("none", category: "c", key: key, payload: [])
        }
        try await check.expectFailure(.jobNotFound, "delete") {
          _ = try await jobs.delete("none", category: "c", key: key)
        }
        try check.expectError(.jobNotFound, "job") { _ = try jobs.job("none") }
        try check.expectEqual(jobs.droppedWrites, 0, "the writes dropped before")
        try check.expectEqual(try await jobs.persist("none", [.set("a", "1")]), false, "persist")
        try check.expectEqual(
          try await jobs.persistPut("none", category: "c", key: key, payload: []), false, "persistPut")
        try check.expectEqual(try await jobs.persistDelete("none", category: "c", key: key), false, "persistDelete")
        try check.expectEqual(try jobs.enqueue("none", [.set("a", "1")]), false, "enqueue")
        try check.expectEqual(jobs.droppedWrites, 4, "the writes dropped")
        try check.expectEqual(try check.names(in: check.directory), [], "the files made")
      }
    },
    ofJobs("job.all-closed", "After close every call throws .closed, by the job and by id", paragraph: "6") { check in
      let jobs = try Persistency(rootDirectory: check.directory, engines: [check.fixture.engine])
      let job = try await jobs.openJob("j")
      try await job.apply([.set("a", "1")])
      let rows = job.rows(category: "c")
      try await jobs.close()
      try await jobs.close()
      let key = Key(plain: "a")
      let calls: [(String, () async throws -> Void)] = [
        ("persist", { try await job.persist([.set("a", "1")]) }), ("apply", { try await job.apply([]) }),
        ("enqueue", { _ = try job.enqueue([.set("a", "1")]) }),
        ("delete", { _ = try await job.delete(category: "c", key: key) }), ("flush", { try await job.flush() }),
        ("update", { _ = try await job.update(category: "c", key: key) { $0 } }),
        ("putIfAbsent", { _ = try await job.putIfAbsent(category: "c", key: key, payload: []) }),
        ("get", { _ = try await job.get(category: "c", key: key) }),
        ("get(keys:)", { _ = try await job.get(category: "c", keys: []) }),
        ("exists", { _ = try await job.exists(category: "c", key: key) }),
        ("scan", { _ = try await job.scan(category: "c", limit: 0) }),
        ("keys", { _ = try await job.keys(category: "c") }), ("count", { _ = try await job.count(category: "c") }),
        ("visit", { try await job.visit(category: "c") { _, _ in .next } }),
        ("visitAll", { try await job.visitAll { _, _, _ in .next } }),
        ("categories", { _ = try await job.categories() }), ("rows", { for try await _ in rows {} }),
        ("openJob", { _ = try await jobs.openJob("j") }), ("dropJob", { try await jobs.dropJob("j") }),
        ("job", { _ = try jobs.job("j") }), ("storedJobs", { _ = try jobs.storedJobs() }),
        ("get by id", { _ = try await jobs.get("j", category: "c", key: key) }),
        ("persist by id", { _ = try await jobs.persist("j", [.set("a", "1")]) }),
      ]
      for (name, call) in calls { try await check.expectFailure(.closed, name) { try await call() } }
    },
    ofJobs(
      "job.one-process-wide-instance", "One root has one process-wide instance until it is reset", paragraph: "5",
      // The instance is the process's: two checks at once would take it from each other.
      tier: .heavy
    ) { check in
      let engines = [check.fixture.engine]
      try await Persistency.reset()
      try check.expectError(.closed, "instance() of none") { _ = try Persistency.instance() }
      let first = try Persistency.instance(rootDirectory: check.directory, engines: engines)
      try check.expect(
        try Persistency.instance(rootDirectory: check.directory, engines: engines) === first, "not the same object")
      try check.expect(try Persistency.instance() === first, "not the same object without a root")
      try check.expectError(.invalidArgument, "another root") {
        _ = try Persistency.instance(rootDirectory: check.directory + "/other", engines: engines)
      }
      let job = try await first.openJob("j")
      try await job.persist([.set("a", "1")])
      try await Persistency.reset()
      try await check.expectFailure(.closed, "a job of the instance that was reset") { _ = try await job.text("a") }
      let second = try Persistency.instance(rootDirectory: check.directory + "/other", engines: engines)
      try check.expect(second !== first, "the same object after a reset")
      try await Persistency.reset()
    },
  ]
}
