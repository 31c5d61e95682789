import PersistencyCore
import PersistencyMemory
import TestSupport
import Testing

@Suite("Calls by job id, and the process-wide instance", .serialized)
struct ByIDTests {
  @Test("every call by id does what the job's own does", arguments: Engine.every)
  func calls(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      _ = try await jobs.openJob("a")
      let key = Key("k")
      #expect(try await jobs.persist("a", [.put(category: "c", key: key, payload: [1])]))
      #expect(try await jobs.persistPut("a", category: "c", key: Key("l"), payload: [2]))
      #expect(try await jobs.persistEncoded("a", category: "c", key: Key("m"), 7))
      #expect(try jobs.enqueue("a", [.put(category: "d", key: key, payload: [])]))
      #expect(try await jobs.get("a", category: "c", key: key) == [1])
      #expect(try await jobs.get("a", category: "c", keys: [key, Key("none")]) == [[1], nil])
      #expect(try await jobs.get("a", Int.self, category: "c", key: Key("m")) == 7)
      #expect(try await jobs.exists("a", category: "d", key: key))
      #expect(try await jobs.scan("a", category: "c").count == 3)
      #expect(try await jobs.scanPrefix("a", category: "c", prefix: key).count == 1)
      #expect(try await jobs.keys("a", category: "c", limit: 1) == [key])
      #expect(try await jobs.count("a", category: "c") == 3)
      #expect(try await jobs.categories("a") == ["c", "d"])
      var rows = 0
      for try await _ in try jobs.rows("a", category: "c") { rows += 1 }
      try await jobs.visit("a", category: "c") { _, _ in
        rows += 1
        return .next
      }
      try await jobs.visitAll("a") { _, _, _ in
        rows += 1
        return .next
      }
      #expect(rows == 10)
      try await jobs.apply("a", [.delete(category: "d", key: key)])
      try await jobs.put("a", category: "d", key: key, payload: [3])
      try await jobs.putEncoded("a", category: "d", key: key, "x")
      #expect(try await jobs.update("a", category: "d", key: key) { $0.map { $0 + [0] } } == [0, 1, 0x78, 0])
      #expect(try await !jobs.putIfAbsent("a", category: "d", key: key, payload: []))
      #expect(try await !jobs.compareAndSet("a", category: "d", key: key, expected: nil, payload: []))
      #expect(try await jobs.delete("a", category: "d", key: key))
      #expect(try await !jobs.deleteAcked("a", category: "d", key: key))
      #expect(try await jobs.persistDelete("a", category: "c", key: key))
      #expect(try await jobs.persistDeletePrefix("a", category: "c", prefix: Key("l")))
      #expect(try await jobs.persistDeleteRange("a", category: "c", range: .all))
      try await jobs.flush("a")
      #expect(try await jobs.count("a", category: "c") == 0)
      try await jobs.close()
    }
  }

  @Test("an unknown job: reads and acknowledged writes throw, queued writes are dropped, counted, and answer false")
  func unknown() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.memory])
      #expect(await kind { _ = try await jobs.get("x", category: "c", key: Key()) } == .jobNotFound)
      #expect(await kind { _ = try await jobs.scan("x", category: "c") } == .jobNotFound)
      #expect(await kind { _ = try jobs.rows("x", category: "c") } == .jobNotFound)
      #expect(await kind { try await jobs.put("x", category: "c", key: Key(), payload: []) } == .jobNotFound)
      #expect(await kind { _ = try await jobs.delete("x", category: "c", key: Key()) } == .jobNotFound)
      #expect(await kind { try await jobs.flush("x") } == .jobNotFound)
      #expect(try await !jobs.persist("x", []))
      #expect(try await !jobs.persistPut("x", category: "c", key: Key(), payload: []))
      #expect(try !jobs.enqueue("x", []))
      #expect(jobs.droppedWrites == 3)
      try await jobs.close()
      #expect(await kind { _ = try await jobs.persist("x", []) } == .closed)
    }
  }

  @Test("one root has one process-wide instance until it is reset")
  func instance() async throws {
    try await withRoot { root in
      #expect(await kind { _ = try Persistency.instance() } == .closed)
      let jobs = try Persistency.instance(rootDirectory: root, engines: [.memory])
      #expect(try Persistency.instance(rootDirectory: root, engines: [.memory]) === jobs)
      #expect(try Persistency.instance() === jobs)
      #expect(
        await kind { _ = try Persistency.instance(rootDirectory: root + "2", engines: [.memory]) } == .invalidArgument)
      let job = try await jobs.openJob("a")
      try await Persistency.reset()
      #expect(await kind { _ = try await job.get(category: "c", key: Key()) } == .closed)
      #expect(await kind { _ = try Persistency.instance() } == .closed)
      let other = try Persistency.instance(rootDirectory: root + "2", engines: [.memory])
      #expect(other !== jobs)
      try await Persistency.reset()
      try await Persistency.reset()
    }
  }
}
