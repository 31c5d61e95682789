import Foundation
import PersistencyConformance
import PersistencyFaults
import Testing

@testable import PersistencyRocksDB

@Suite("RocksDB closes once, whoever is inside")
struct RocksLifecycleTests {
  @Test func closingInsideAVisitEndsItAtItsNextRow() throws {
    let place = try RocksPlace()
    let store = try place.open()
    try store.applyOps((0..<10).map { .put(category: "c", key: rocksKey($0), payload: []) })
    var seen = 0
    let found = rocksKind {
      try store.visitRange(category: "c", range: .all, reverse: true) { _, _ throws(PersistencyError) in
        seen += 1
        store.close()
        #expect(rocksKind { _ = try store.getOne(category: "c", key: rocksKey(1)) } == .closed)
        return .next
      }
    }
    #expect(found == .closed && seen == 1)
    store.close()
    #expect(rocksKind { try store.applyOps([]) } == .closed)
    #expect(rocksKind { _ = try store.categories() } == .closed)
    #expect(rocksKind { _ = try store.sizeOnDisk() } == .closed)
    let again = try place.open(StoreOptions(mustExist: true))
    #expect(try again.countRange(category: "c", range: .all) == 10)
    again.close()
  }

  @Test func nestedVisitsReadAndWriteAndKeepTheirStates() throws {
    let place = try RocksPlace()
    let store = try place.open()
    try store.applyOps((0..<8).map { .put(category: "c", key: rocksKey($0), payload: [0]) })
    func descend(_ depth: Int) throws(PersistencyError) {
      var rows = 0
      try store.visitRange(category: "c", range: .all, reverse: depth % 2 == 1) { _, _ throws(PersistencyError) in
        rows += 1
        if rows == 1 {
          try store.applyOps([.put(category: "c", key: rocksKey(100 + depth), payload: [])])
          if depth < 16 { try descend(depth + 1) }
          _ = try store.deleteOne(category: "c", key: rocksKey(100 + depth))
        }
        return .next
      }
      #expect(rows == 8 + depth)
    }
    try descend(0)
    #expect(try store.countRange(category: "c", range: .all) == 8)
    store.close()
  }

  @Test func whatAVisitorThrowsComesOutAndFreesEverything() throws {
    let place = try RocksPlace()
    let store = try place.open()
    try store.applyOps([.put(category: "c", key: rocksKey(1), payload: [])])
    let thrown = PersistencyError(.cancelled, "enough")
    #expect(throws: thrown) {
      try store.visitAll { _, _, _ throws(PersistencyError) in throw thrown }
    }
    store.close()
    try place.open().close()
  }

  @Test func durabilityLevelsTakeTheirWritesAndComeBack() throws {
    for durability in Durability.allCases {
      let place = try RocksPlace()
      let store = try place.open(StoreOptions(durability: durability))
      try store.applyOps([.put(category: "c", key: rocksKey(1), payload: [1])])
      let outcomes = store.applyGroup([[.put(category: "c", key: rocksKey(2), payload: [2])], []], sync: true)
      let expected: PersistencyError.Kind? = durability == .volatile ? .invalidArgument : nil
      #expect(outcomes.map { outcome in rocksKind { try outcome.get() } } == [expected, expected])
      // Nothing to write, all to make durable.
      #expect(store.applyGroup([[]], sync: true).map { outcome in rocksKind { try outcome.get() } } == [expected])
      store.close()
      let again = try place.open(StoreOptions(durability: durability, mustExist: true))
      #expect(try again.countRange(category: "c", range: .all) == (durability == .volatile ? 1 : 2))
      again.close()
    }
  }

  @Test func concurrentWritersLoseNoUpdateAndDeleteOneAnswersOnce() async throws {
    let place = try RocksPlace()
    let store = try place.open()
    try store.applyOps([.put(category: "c", key: rocksKey("n"), payload: [0, 0])])
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var done = 0
          while done < 200 {
            guard let old = try? store.getOne(category: "c", key: rocksKey("n")) else { continue }
            let sum = Int(old[0]) << 8 + Int(old[1]) + 1
            let new = [UInt8(sum >> 8), UInt8(sum & 255)]
            let swap: [TxOp] = [
              .expect(category: "c", key: rocksKey("n"), payload: old),
              .put(category: "c", key: rocksKey("n"), payload: new),
            ]
            if rocksKind({ try store.applyOps(swap) }) == nil { done += 1 }
          }
        }
      }
    }
    #expect(try store.getOne(category: "c", key: rocksKey("n")) == [3, 32])  // 800
    let answers = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask { (try? store.deleteOne(category: "c", key: rocksKey("n"))) == true }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(answers == 1)
    store.close()
  }

  @Test func openingAndClosingLeavesNoDescriptorsAndNoThreads() throws {
    func entries(_ path: String) -> Int { (try? FileManager.default.contentsOfDirectory(atPath: path).count) ?? 0 }
    let place = try RocksPlace()
    func cycle() throws {
      let store = try place.open()
      try store.applyOps([.put(category: "c", key: rocksKey(1), payload: [1])])
      store.close()
    }
    for _ in 0..<5 { try cycle() }
    func storeDescriptors() -> Int {
      let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
      return descriptors.count { number in
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + number))?.hasPrefix(place.root)
          ?? false
      }
    }
    for _ in 0..<30 { try cycle() }
    #expect(storeDescriptors() == 0)
    // Files do not pile up either.
    #expect(entries(place.store) < 20)
  }

  @Test func aCheckFindsNothingInASoundStoreAndTheDamageInABadOne() throws {
    let place = try RocksPlace()
    try RocksFolderTests.made(place)
    var store = try place.open()
    var findings: [CheckFinding] = []
    try store.check { findings.append($0) }
    #expect(findings.isEmpty)
    #expect(try store.sizeOnDisk() > 4_096)
    // Read once, so that the cache holds the good block.
    #expect(try store.countRange(category: "c", range: .all) == 3_001)
    store.close()

    let names = try FileManager.default.contentsOfDirectory(atPath: place.store).sorted()
    let table = place.store + "/" + (try #require(names.first { $0.hasSuffix(".sst") }))
    let file = try #require(FileHandle(forUpdatingAtPath: table))
    try file.seek(toOffset: 40)
    try file.write(contentsOf: Data([0x5A, 0x5A, 0x5A]))
    try file.close()
    store = try place.open()
    try store.check { findings.append($0) }
    #expect(findings.count == 1)
    store.close()
  }

  @Test func aCleanCloseLeavesNothingInTheLog() throws {
    let place = try RocksPlace()
    for durability in Durability.allCases {
      let store = try place.open(StoreOptions(durability: durability))
      try store.applyOps([.put(category: "c", key: rocksKey(durability.rawValue), payload: [1])])
      store.close()
      // Damage to a log cannot be told from a crash; damage to a table can.
      let logs = try place.listing(place.store).filter { $0.contains(".log ") }
      #expect(logs.allSatisfy { $0.contains(".log 0 ") }, "\(logs)")
    }
    let store = try place.open(StoreOptions(mustExist: true))
    #expect(try store.countRange(category: "c", range: .all) == 3)
    store.close()
  }

  @Test(arguments: Durability.allCases)
  func aKilledProcessLosesNothingAcknowledged(_ durability: Durability) async throws {
    let place = try RocksPlace()
    let path = place.store
    let level = durability.rawValue
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, level = level as String] in
      let options = StoreOptions(durability: Durability(rawValue: level) ?? .consistent)
      let store = try RocksBackend(path: path, store: options)
      for number in 0..<500 {
        try store.applyOps(
          (0..<3).map { .put(category: "c\($0)", key: rocksKey(number), payload: [UInt8](repeating: 9, count: 300)) })
      }
      kill(getpid(), SIGKILL)
    }
    let store = try place.open(StoreOptions(durability: durability, mustExist: true))
    #expect(try rocksRows(store).count == 1_500)
    try store.check { Issue.record("\($0)") }
    store.close()
  }

  @Test(.enabled(if: FaultInjector.system != nil, "this build makes no write fail"))
  func aWriteThatFailsForAnotherReasonThanRoomLatchesTheStore() throws {
    let system = try #require(FaultInjector.system)
    let place = try RocksPlace()
    let store = try place.open()
    let row = [UInt8](repeating: 1, count: 10_000)
    var acknowledged = 0
    var failure: PersistencyError?
    try system.during(Fault([.write], first: 25, .error(EIO)), below: place.store) { _ in
      while failure == nil && acknowledged < 1_000 {
        do throws(PersistencyError) {
          try store.applyOps([.put(category: "c", key: rocksKey(acknowledged), payload: row)])
          acknowledged += 1
        } catch {
          failure = error
        }
      }
    }
    #expect(acknowledged > 10)
    #expect(failure?.kind == .backend && failure?.outcome == .unknown)
    #expect(try store.countRange(category: "c", range: .all) == acknowledged)
    // The disk is sound again, and still there is no write until the store is opened anew.
    let deletes = (0..<2).map { [TxOp.delete(category: "c", key: rocksKey($0))] }
    for outcome in store.applyGroup(deletes, sync: false) {
      let error = #expect(throws: PersistencyError.self) { try outcome.get() }
      #expect(error?.kind == .backend && error?.outcome == .notApplied)
    }
    #expect(try store.getOne(category: "c", key: rocksKey(0)) == row)
    // What can be read can be backed up.
    try store.backup(to: place.store + "-copy")
    let copy = try RocksBackend(path: place.store + "-copy", store: StoreOptions(access: .readOnly, mustExist: true))
    #expect(try copy.countRange(category: "c", range: .all) == acknowledged)
    copy.close()
    store.close()
    let again = try place.open(StoreOptions(mustExist: true))
    #expect([acknowledged, acknowledged + 1].contains(try again.countRange(category: "c", range: .all)))
    try again.applyOps([.put(category: "d", key: rocksKey(0), payload: row)])
    again.close()
  }
}
