import PersistencyRocksDB
import Testing

@Suite("RocksDB keeps categories apart and gives them in byte order")
struct RocksLayoutTests {
  static let categories = [
    "", "a", "aa", "a\u{0}", "\u{0}", "b", "é", "e\u{301}", "z", String(repeating: "x", count: 255),
  ]

  @Test func everyRowComesByCategoryBytesThenKeyBytes() throws {
    let place = try RocksPlace()
    let store = try place.open()
    let keys: [[UInt8]] = [[], [0], [0, 0], [1], [0xFF], [0xFF, 0xFF], Array("a".utf8), Array("aa".utf8)]
    var expected: [[[UInt8]]] = []
    for (index, category) in Self.categories.enumerated() {
      for bytes in keys {
        try store.applyOps([.put(category: category, key: Key(rawBytes: bytes), payload: [UInt8(index)])])
        expected.append([Array(category.utf8), bytes, [UInt8(index)]])
      }
    }
    expected.sort { left, right in
      left[0] == right[0] ? left[1].lexicographicallyPrecedes(right[1]) : left[0].lexicographicallyPrecedes(right[0])
    }
    #expect(try rocksRows(store) == expected)
    let names = try store.categories()
    #expect(
      names.map { Array($0.utf8) } == Self.categories.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    )
    for category in Self.categories {
      #expect(try store.countRange(category: category, range: .all) == keys.count)
      let forward = try store.scanRange(category: category, range: .all)
      #expect(try store.scanRange(category: category, range: .all, reverse: true) == forward.reversed())
      #expect(forward.map(\.key) == forward.map(\.key).sorted())
    }
    store.close()
  }

  @Test func aVisitOfEverythingSeesOneState() throws {
    let place = try RocksPlace()
    let store = try place.open()
    for category in ["a", "bb", "ccc"] {
      for number in 0..<10 { try store.applyOps([.put(category: category, key: rocksKey(number), payload: [1])]) }
    }
    var seen = 0
    try store.visitAll { _, _, payload throws(PersistencyError) in
      #expect([UInt8](copying: payload) == [1])
      seen += 1
      try store.applyOps([
        .put(category: "ccc", key: rocksKey(100 + seen), payload: [2]), .delete(category: "bb", key: rocksKey(9)),
        .put(category: "dddd", key: rocksKey(seen), payload: [2]),
      ])
      return .next
    }
    #expect(seen == 30)
    store.close()
  }

  @Test func longKeysAndRangesKeepTheirOrder() throws {
    let place = try RocksPlace()
    let store = try place.open()
    let long = [UInt8](repeating: 0xFF, count: 65_535)
    let rows: [[UInt8]] = [[], Array(long.dropLast()), long]
    try store.applyOps(rows.map { .put(category: "c", key: Key(rawBytes: $0), payload: []) })
    #expect(try store.scanRange(category: "c", range: .all).map(\.key.bytes) == rows)
    #expect(try store.countRange(category: "c", range: KeyRange(prefix: Key(rawBytes: [0xFF]))) == 2)
    #expect(rocksKind { _ = try store.getOne(category: "c", key: Key(rawBytes: long + [0])) } == .invalidArgument)
    try store.applyOps([.deletePrefix(category: "c", prefix: Key(rawBytes: [0xFF]))])
    #expect(try store.scanRange(category: "c", range: .all).map(\.key.bytes) == [[]])
    store.close()
  }
}
