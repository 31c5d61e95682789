import PersistencyCore
import PersistencyMemory
import TestSupport
import Testing

@Suite("Writes through a job")
struct JobWriteTests {
  @Test("a put is read back, also when only queued", arguments: Engine.every)
  func putThenGet(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      try await job.put(category: "c", key: Key("a"), payload: [1])
      try await job.persistPut(category: "c", key: Key("b"), payload: [])
      try await job.persistEncoded(category: "c", key: Key("e"), "text")
      #expect(try await job.get(category: "c", key: Key("a")) == [1])
      #expect(try await job.get(category: "c", key: Key("b")) == [])
      #expect(try await job.get(String.self, category: "c", key: Key("e")) == "text")
      #expect(try await job.get(category: "c", key: Key("missing")) == nil)
      #expect(try await job.exists(category: "c", key: Key("a")))
    }
  }

  @Test("a batch becomes visible as a whole, in the order of its ops", arguments: Engine.every)
  func batches(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      try await job.apply([
        .put(category: "c", key: Key("a"), payload: [1]), .deletePrefix(category: "c", prefix: Key()),
        .put(category: "c", key: Key("b"), payload: [2]), .put(category: "d", key: Key("b"), payload: [3]),
      ])
      #expect(try await job.scan(category: "c") == [KvRow(key: Key("b"), payload: [2])])
      #expect(try await job.count(category: "d") == 1)
    }
  }

  @Test("fire-and-forget writes of 8 tasks all land, in order per task", arguments: Engine.every)
  func burst(_ engine: Engine) async throws {
    let each = 2_500
    try await withJob(on: engine, JobOptions(queueBytes: 64 << 10)) { job in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<8 {
          group.addTask {
            for number in 0..<each {
              try await job.persist([
                .put(category: "rows", key: Key(task, number), payload: []),
                .put(category: "last", key: Key(task), payload: try Payload.encode(number)),
              ])
            }
          }
        }
        try await group.waitForAll()
      }
      try await job.flush()
      #expect(try await job.count(category: "rows") == 8 * each)
      for task in 0..<8 {
        #expect(try await job.get(Int.self, category: "last", key: Key(task)) == each - 1)
      }
    }
  }

  @Test("a get sees the put queued before it, and a delete wins over it", arguments: Engine.every)
  func readYourWrites(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      for round in 0..<500 {
        let key = Key("k")
        let payload = try Payload.encode(round)
        try await job.persistPut(category: "c", key: key, payload: payload)
        #expect(try await job.get(category: "c", key: key) == payload)
        try await job.persistPut(category: "c", key: key, payload: payload)
        try await job.persistDelete(category: "c", key: key)
        #expect(try await !job.exists(category: "c", key: key))
      }
    }
  }

  @Test("delete says whether the row was there", arguments: Engine.every)
  func deleteAnswers(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      try await job.persistPut(category: "c", key: Key("a"), payload: [1])
      #expect(try await job.delete(category: "c", key: Key("a")))
      #expect(try await !job.deleteAcked(category: "c", key: Key("a")))
    }
  }

  @Test("deletes of many tasks say what they found, each once, among puts of the same keys", arguments: Engine.every)
  func concurrentDeletes(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      for number in 0..<50 { try await job.persistPut(category: "c", key: Key(number), payload: []) }
      let found = try await withThrowingTaskGroup(of: Bool.self) { group in
        for task in 0..<200 {
          group.addTask { try await job.delete(category: "c", key: Key(task % 100)) }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(found == 50)
      #expect(try await job.count(category: "c") == 0)
      for round in 0..<50 {
        try await job.persistPut(category: "c", key: Key(round), payload: [])
        async let first = job.delete(category: "c", key: Key(round))
        async let second = job.delete(category: "c", key: Key(round))
        let answers = try await (first, second)
        #expect(answers.0 != answers.1)
      }
    }
  }

  @Test("the queued deletes remove a row, a prefix and a range", arguments: Engine.every)
  func queuedDeletes(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      for number in 0..<10 { try await job.persistPut(category: "c", key: Key("a", number), payload: []) }
      try await job.persistDelete(category: "c", key: Key("a", 0))
      try await job.persistDeleteRange(
        category: "c", range: KeyRange(start: Key("a", 5), stop: Key("a", 8)))
      #expect(try await job.keys(category: "c") == [1, 2, 3, 4, 8, 9].map { Key("a", $0) })
      try await job.persistDeletePrefix(category: "c", prefix: Key())
      #expect(try await job.count(category: "c") == 0)
    }
  }

  @Test("conditional writes: one of many wins, and no update is lost", arguments: Engine.every)
  func conditional(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
        for task in 0..<8 {
          group.addTask { try await job.putIfAbsent(category: "c", key: Key("first"), payload: [UInt8(task)]) }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(winners == 1)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            for _ in 0..<25 {
              try await job.update(category: "c", key: Key("n")) { old in
                try Payload.encode((try old.map { try Payload.decode($0, as: Int.self) } ?? 0) + 1)
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await job.get(Int.self, category: "c", key: Key("n")) == 200)
      #expect(
        try await !job.compareAndSet(category: "c", key: Key("n"), expected: [0], payload: [1]))
      #expect(
        await kind { try await job.apply([.expect(category: "c", key: Key("n"), payload: nil)]) } == .conflict)
    }
  }

  @Test("limits and invalid keys throw at the call, and queue nothing", arguments: Engine.every)
  func limits(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      let long = String(repeating: "c", count: 256)
      #expect(await kind { try await job.persistPut(category: long, key: Key(), payload: []) } == .invalidArgument)
      #expect(await kind { _ = try job.enqueue([.delete(category: "c", key: Key(["a": 1]))]) } == .invalidArgument)
      let over = Key(rawBytes: [UInt8](repeating: 0, count: 65_536))
      #expect(await kind { try await job.put(category: "c", key: over, payload: []) } == .invalidArgument)
      #expect(await kind { _ = try await job.scan(category: "c", limit: -1) } == .invalidArgument)
      let categories = try await job.categories()
      #expect(categories == [])
    }
  }

  @Test("on a volatile job .full is refused; on a consistent one it raises the group")
  func durability() async throws {
    let gated = try GatedBackend()
    try await withJob(on: gated.engine) { job in
      try await job.put(category: "c", key: Key("a"), payload: [], durability: .full)
      try await job.put(category: "c", key: Key("a"), payload: [], durability: .volatile)
      #expect(gated.syncedGroups == 1)
    }
    try await withJob(on: .memory, JobOptions(durability: .volatile)) { job in
      #expect(
        await kind { try await job.put(category: "c", key: Key(), payload: [], durability: .full) }
          == .invalidArgument)
    }
  }
}

extension Key {
  /// An invalid key: a dictionary has no key form.
  fileprivate init(_ dictionary: [String: Int]) {
    struct Bad: Codable, KeyPart { var field: [String: Int] }
    self.init(Bad(field: dictionary))
  }
}
