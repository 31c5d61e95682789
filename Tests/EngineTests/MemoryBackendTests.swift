import Foundation
import PersistencyMemory
import Synchronization
import Testing

@Suite("The memory engine")
struct MemoryBackendTests {
  let backend: any KvBackend

  init() throws { backend = try Engine.memory.open("") }

  func put(_ number: Int, _ payload: [UInt8] = [1], category: String = "c") -> TxOp {
    .put(category: category, key: Key(number), payload: payload)
  }

  func kind(_ body: () throws -> Void) -> PersistencyError.Kind? {
    do { try body() } catch { return (error as? PersistencyError)?.kind }
    return nil
  }

  @Test("says what it is, and every durability opens, but .volatile takes no durable group")
  func engine() throws {
    #expect(Engine.memory.name == "memory" && Engine.memory.fileSuffix == "")
    #expect(!Engine.memory.capabilities.persistent)
    for durability in Durability.allCases {
      let store = try Engine.memory.open("nowhere", StoreOptions(durability: durability, mustExist: true))
      let results = store.applyGroup([[put(1)], []], sync: true)
      let outcomes = results.map { result in kind { try result.get() } }
      #expect(outcomes == Array(repeating: durability == .volatile ? .invalidArgument : nil, count: 2))
      #expect(try store.countRange(category: "c", range: .all) == (durability == .volatile ? 0 : 1))
    }
    let reader = try Engine.memory.open("", StoreOptions(access: .readOnly))
    #expect(kind { try reader.applyOps([put(1)]) } == .unsupported)
    #expect(kind { _ = try reader.deleteOne(category: "c", key: Key()) } == .unsupported)
    #expect(try reader.getOne(category: "c", key: Key(1)) == nil)
  }

  @Test("lower limits hold, higher ones are cut to the embedded ones")
  func limits() throws {
    var asked = BackendLimits.embedded
    asked.payloadBytes = 4
    asked.keyBytes = .max
    let store = try Engine.memory(MemoryOptions(limits: asked)).open("")
    #expect(store.limits.payloadBytes == 4 && store.limits.keyBytes == 65_535)
    #expect(kind { try store.applyOps([put(1, [1, 2, 3, 4])]) } == nil)
    #expect(kind { try store.applyOps([put(2), put(1, [1, 2, 3, 4, 5])]) } == .invalidArgument)
    #expect(try store.countRange(category: "c", range: .all) == 1)
  }

  @Test("a failed batch leaves no trace, short or long, whatever came before its failure", arguments: [1, 100, 1_000])
  func atomic(size: Int) throws {
    try backend.applyOps((0..<10).map { put($0, [7]) })
    let failing: [[TxOp]] = [
      [.expect(category: "c", key: Key(3), payload: nil)] + (0..<size).map { put($0) },
      (0..<size).map { put($0) } + [.expect(category: "c", key: Key(3), payload: [9])],
      [.deleteRange(category: "c", range: .all), .expect(category: "c", key: Key(3), payload: [7])],
      [put(50, category: "d"), .expect(category: "d", key: Key(50), payload: nil)],
    ]
    let results = backend.applyGroup(failing + [[put(77)]], sync: false)
    #expect(results.map { result in kind { try result.get() } } == [.conflict, .conflict, .conflict, .conflict, nil])
    #expect(try backend.countRange(category: "c", range: .all) == 11)
    #expect(try backend.getOne(category: "c", key: Key(3)) == [7])
    #expect(try backend.categories() == ["c"])
    // One that holds, in the middle of what it depends on.
    try backend.applyOps([
      .deleteRange(category: "c", range: .all), put(5, []), .expect(category: "c", key: Key(5), payload: []),
      .expect(category: "c", key: Key(3), payload: nil), put(6),
    ])
    #expect(try backend.scanRange(category: "c", range: .all).map(\.key) == [Key(5), Key(6)])
  }

  @Test("categories are told apart and sorted by bytes, and are gone with their last row")
  func categories() throws {
    let names = ["", "a", "a\0", "ab", "é", "e\u{301}", "\u{10FFFF}"]
    for name in names.shuffled() { try backend.applyOps([.put(category: name, key: Key(), payload: Array(name.utf8))]) }
    let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    #expect(try backend.categories().map { Array($0.utf8) } == sorted.map { Array($0.utf8) })
    for name in names { #expect(try backend.getOne(category: name, key: Key()) == Array(name.utf8)) }
    var seen: [[UInt8]] = []
    try backend.visitAll { category, key, payload throws(PersistencyError) in
      #expect(key.byteCount == 0)
      #expect([UInt8](copying: category) == [UInt8](copying: payload))
      seen.append([UInt8](copying: category))
      return seen.count == 6 ? .stop : .next
    }
    #expect(seen == sorted.prefix(6).map { Array($0.utf8) })
    #expect(try backend.deleteOne(category: "é", key: Key()))
    #expect(try !backend.deleteOne(category: "é", key: Key()))
    try backend.applyOps([.deletePrefix(category: "ab", prefix: Key())])
    #expect(try backend.categories().count == 5)
  }

  @Test("a visit keeps its state while the visitor writes, and ends when the visitor closes the store")
  func visits() throws {
    try backend.applyOps((0..<500).map { put($0) })
    var seen = 0
    try backend.visitRange(category: "c", range: .all, reverse: true) { _, _ throws(PersistencyError) in
      try backend.applyOps([.delete(category: "c", key: Key(seen)), put(1_000 + seen)])
      seen += 1
      return .next
    }
    #expect(seen == 500)
    #expect(try backend.scanRange(category: "c", range: .all, limit: 1).map(\.key) == [Key(1_000)])
    seen = 0
    let closing = kind {
      try backend.visitRange(category: "c", range: .all, reverse: false) { key, payload throws(PersistencyError) in
        seen += 1
        backend.close()
        #expect(key.byteCount == 8 && payload.byteCount == 1)
        return .next
      }
    }
    #expect(closing == .closed && seen == 1)
    #expect(kind { try backend.applyOps([]) } == .closed)
    #expect(kind { _ = try backend.categories() } == .closed)
  }

  @Test("limit, reverse and bounds that are no keys")
  func scans() throws {
    try backend.applyOps((0..<300).map { put($0 * 2) })
    func numbers(_ range: KeyRange, reverse: Bool = false, limit: Int? = nil) throws -> [Int] {
      try backend.scanRange(category: "c", range: range, reverse: reverse, limit: limit).map { row in
        try row.key.decode(Int.self)
      }
    }
    let range = KeyRange(start: Key(101), stop: Key(301))
    let forward = try numbers(range)
    #expect(forward == Array(stride(from: 102, to: 301, by: 2)))
    #expect(try numbers(range, reverse: true) == forward.reversed())
    #expect(try numbers(range, reverse: true, limit: 3) == [300, 298, 296])
    #expect(try numbers(range, limit: 0) == [])
    #expect(try numbers(KeyRange(start: Key(9), stop: Key(3))) == [])
    #expect(try backend.countRange(category: "c", range: range) == forward.count)
    #expect(try backend.countRange(category: "c", range: KeyRange(start: Key(9), stop: Key(3))) == 0)
    #expect(kind { _ = try numbers(range, limit: -1) } == .invalidArgument)
  }

  @Test("readers beside writers see whole batches, and compare-and-swap loses nothing")
  func concurrency() throws {
    let backend = backend
    let failures = Atomic<Int>(0)
    // Short batches go in place, long ones on a copy; each moves one unit between two of 200 accounts.
    try backend.applyOps((0..<200).map { put($0, [100]) })
    DispatchQueue.concurrentPerform(iterations: 6) { thread in
      var random = SplitMix(seed: UInt64(thread))
      for round in 0..<300 {
        if thread < 3 {
          let (from, to) = (random.below(200), random.below(200))
          guard from != to, let a = try? backend.getOne(category: "c", key: Key(from)),
            let b = try? backend.getOne(category: "c", key: Key(to)), a[0] > 0, b[0] < 255
          else { continue }
          var ops: [TxOp] = [
            .expect(category: "c", key: Key(from), payload: a), .expect(category: "c", key: Key(to), payload: b),
            put(from, [a[0] - 1]), put(to, [b[0] + 1]),
          ]
          if round % 3 == 0 { ops += (0..<200).map { put($0, [UInt8(thread)], category: "filler") } }
          try? backend.applyOps(ops)
        } else {
          var sum = 0
          try? backend.visitRange(category: "c", range: .all, reverse: false) { _, payload throws(PersistencyError) in
            sum += Int([UInt8](copying: payload)[0])
            return .next
          }
          let filler = (try? backend.scanRange(category: "filler", range: .all)) ?? []
          if sum != 20_000 || Set(filler.map(\.payload)).count > 1 { failures.add(1, ordering: .relaxed) }
        }
      }
    }
    #expect(failures.load(ordering: .relaxed) == 0)
    let maintenance = try #require(backend as? any KvMaintenance)
    var findings: [CheckFinding] = []
    try maintenance.check { findings.append($0) }
    #expect(findings == [])
    #expect(try maintenance.sizeOnDisk() == 0)
    #expect(kind { _ = try maintenance.backup(to: "x") } == .unsupported)
  }
}
