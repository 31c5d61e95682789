import Foundation
import Testing

@testable import PersistencyRocksDB

@Suite("RocksDB keeps walks that its cache cannot hold out of it")
struct RocksCacheTests {
  /// More than the rows that enter the cache in any case.
  static let count = 25_000

  /// A store, its memtable written out, that believes its cache to be small.
  static func filled(_ place: RocksPlace) throws -> RocksBackend {
    let options = RocksOptions(sharedCacheBytes: 64 << 10)
    var store = try place.open(.init(), options)
    for start in stride(from: 0, to: count, by: 5_000) {
      try store.applyOps(
        (start..<start + 5_000).map {
          .put(category: "c", key: rocksKey($0), payload: Array("\($0)".utf8) + [UInt8](repeating: 7, count: 100))
        })
    }
    store.close()
    store = try place.open(StoreOptions(mustExist: true), options)
    return store
  }

  @Test("They give every row of the state they began with, in order, either way", arguments: [false, true])
  func state(reverse: Bool) throws {
    let place = try RocksPlace()
    let store = try Self.filled(place)
    #expect(try store.handle.outgrowsCache)
    var expected = (0..<Self.count).map { rocksKey($0) }
    if reverse { expected.reverse() }
    var keys: [Key] = []
    try store.visitRange(category: "c", range: .all, reverse: reverse) { key, payload throws(PersistencyError) in
      if keys.count == 5_000 {
        // What comes is deleted, overwritten and added to before the walk gets there.
        try store.applyOps([
          .deleteRange(category: "c", range: KeyRange(start: rocksKey(9_000), stop: rocksKey(16_000))),
          .put(category: "c", key: rocksKey(18_000), payload: []), .put(category: "c", key: Key(), payload: []),
          .put(category: "c", key: rocksKey(999_999), payload: []),
        ])
      }
      #expect(payload.byteCount > 100)
      keys.append(Key(copying: key))
      return .next
    }
    #expect(keys == expected)
    #expect(try store.countRange(category: "c", range: .all) == Self.count - 7_000 + 2)
    #expect(try store.scanRange(category: "c", range: .all, reverse: reverse).count == Self.count - 7_000 + 2)
    store.close()
  }

  @Test("They leave it to others")
  func cache() async throws {
    // A process of its own has a cache of its own.
    await #expect(processExitsWith: .exitCode(42)) {
      let other = try RocksPlace()
      let first = try other.open(.init(), RocksOptions(sharedCacheBytes: 64 << 20))
      let place = try RocksPlace()
      let store = try Self.filled(place)
      func used() throws -> UInt64 { try store.handle.property("rocksdb.block-cache-usage") ?? .max }
      let before = try used()
      #expect(try rocksRows(store).count == Self.count)
      #expect(try used() < before + (64 << 10))
      for _ in 0..<2 { #expect(try store.countRange(category: "c", range: .all) == Self.count) }
      try store.visitRange(category: "c", range: .all, reverse: true) { _, _ throws(PersistencyError) in .next }
      // The rows at either end, 10,000 at most.
      #expect(try used() > before + (1 << 20) && used() < before + (3 << 20))
      _ = try store.scanRange(category: "c", range: KeyRange(start: rocksKey(0), stop: nil))
      #expect(try used() > before + (2 << 20))
      store.close()
      first.close()
      exit(42)
    }
  }
}
