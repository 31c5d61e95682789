import Synchronization
import Testing

@testable import PersistencyRocksDB

@Suite("RocksDB deletes ranges, small and large")
struct RocksDeleteRangeTests {
  static func fill(_ store: RocksBackend, _ count: Int, _ category: String = "c") throws {
    try store.applyOps(
      (0..<count).map { .put(category: category, key: rocksKey($0), payload: [UInt8](repeating: 7, count: 20)) })
  }

  static func tombstones(_ store: RocksBackend) -> Int { store.writer.withLock { $0.tombstones } }

  @Test(arguments: [0, 1, 999, 1_000, 1_001, 5_000])
  func aRangeOfSoManyRowsGoesAndNothingElse(_ count: Int) throws {
    let place = try RocksPlace()
    let store = try place.open()
    try Self.fill(store, 6_000)
    try Self.fill(store, 3, "cc")
    try store.applyOps([.deleteRange(category: "c", range: KeyRange(start: rocksKey(500), stop: rocksKey(500 + count)))]
    )
    // Few rows are deleted one by one, many by one tombstone.
    #expect(Self.tombstones(store) == (count > 1_000 ? 1 : 0))
    #expect(try store.countRange(category: "c", range: .all) == 6_000 - count)
    #expect(try store.countRange(category: "cc", range: .all) == 3)
    #expect(try store.existsOne(category: "c", key: rocksKey(499)))
    #expect(try store.existsOne(category: "c", key: rocksKey(500)) == (count == 0))
    #expect(try store.existsOne(category: "c", key: rocksKey(500 + count)))
    store.close()
    let again = try place.open(StoreOptions(mustExist: true))
    #expect(try again.countRange(category: "c", range: .all) == 6_000 - count)
    again.close()
  }

  @Test(arguments: [10, 1_200])
  func insideABatchItTakesWhatCameBeforeAndSparesWhatComesAfter(_ count: Int) throws {
    let place = try RocksPlace()
    let store = try place.open()
    try Self.fill(store, 100)
    let puts = (1_000..<1_000 + count).map { TxOp.put(category: "c", key: rocksKey($0), payload: [1]) }
    let sweep = TxOp.deleteRange(category: "c", range: .all)
    let later = TxOp.put(category: "c", key: rocksKey(5), payload: [2])
    try store.applyOps(puts + [sweep, later])
    #expect(try store.scanRange(category: "c", range: .all) == [KvRow(key: rocksKey(5), payload: [2])])
    // The same over the batches of a group, with an expect between that reads what they have made.
    let outcomes = store.applyGroup(
      [
        puts, [sweep], [.expect(category: "c", key: rocksKey(1_001), payload: nil), later],
        [.expect(category: "c", key: rocksKey(5), payload: [2]), .put(category: "c", key: rocksKey(6), payload: [])],
      ], sync: true)
    #expect(outcomes.allSatisfy { $0.isSuccess })
    #expect(try store.scanRange(category: "c", range: .all).map(\.key) == [rocksKey(5), rocksKey(6)])
    store.close()
  }

  @Test func invertedAndEmptyRangesDeleteNothing() throws {
    let place = try RocksPlace()
    let store = try place.open()
    try Self.fill(store, 10)
    try store.applyOps([
      .deleteRange(category: "c", range: KeyRange(start: rocksKey(5), stop: rocksKey(2))),
      .deleteRange(category: "c", range: KeyRange(start: rocksKey(5), stop: rocksKey(5))),
      .deletePrefix(category: "d", prefix: Key()),
    ])
    #expect(try store.countRange(category: "c", range: .all) == 10)
    try store.applyOps([.deletePrefix(category: "c", prefix: Key())])
    #expect(try store.countRange(category: "c", range: .all) == 0)
    store.close()
  }

  @Test func tenThousandSmallOnesLeaveNoTombstoneInTheWayOfAGet() throws {
    let place = try RocksPlace()
    let store = try place.open()
    try Self.fill(store, 20_000)
    for number in 0..<10_000 {
      let range = KeyRange(start: rocksKey(2 * number), stop: rocksKey(2 * number + 1))
      try store.applyOps([.deleteRange(category: "c", range: range)])
      #expect(try store.existsOne(category: "c", key: rocksKey(2 * number)) == false)
      #expect(Self.tombstones(store) == 0)
    }
    #expect(try store.countRange(category: "c", range: .all) == 10_000)
    store.close()
  }

  @Test func aQueueDrainedFromItsFrontKeepsFewTombstones() throws {
    let place = try RocksPlace()
    let store = try place.open()
    try Self.fill(store, 8_000)
    // Each range begins at the front, over all that is deleted already: stepping over it would cost ever more.
    for number in stride(from: 10, through: 8_000, by: 10) {
      try store.applyOps([.deleteRange(category: "c", range: KeyRange(start: Key(), stop: rocksKey(number)))])
      #expect(Self.tombstones(store) <= RocksWriter.tombstoneLimit)
    }
    #expect(try store.countRange(category: "c", range: .all) == 0)
    store.close()
  }

  @Test func aHundredLargeOnesAreWrittenOut() throws {
    let place = try RocksPlace()
    let store = try place.open()
    var most = 0
    for round in 0..<100 {
      try Self.fill(store, 1_100)
      try store.applyOps([.deletePrefix(category: "c", prefix: Key())])
      most = max(most, Self.tombstones(store))
      #expect(try store.existsOne(category: "c", key: rocksKey(round)) == false)
    }
    #expect(most == RocksWriter.tombstoneLimit)
    // 100 tombstones, of which every 33rd had the memtable written out.
    #expect(Self.tombstones(store) == 100 % (RocksWriter.tombstoneLimit + 1))
    store.close()
  }
}
