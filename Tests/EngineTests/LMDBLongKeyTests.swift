import Foundation
import Testing

@testable import PersistencyLMDB

@Suite("LMDB: keys longer than LMDB takes")
struct LMDBLongKeyTests {
  /// Rows sorted by key, the plain way.
  struct Model {
    var rows: [(key: [UInt8], payload: [UInt8])] = []

    func index(_ key: [UInt8]) -> Int {
      var low = 0
      var high = rows.count
      while low < high {
        let middle = (low + high) / 2
        if rows[middle].key.lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
      }
      return low
    }

    func get(_ key: [UInt8]) -> [UInt8]? {
      let place = index(key)
      return place < rows.count && rows[place].key == key ? rows[place].payload : nil
    }

    mutating func put(_ key: [UInt8], _ payload: [UInt8]) {
      let place = index(key)
      if get(key) != nil { rows[place].payload = payload } else { rows.insert((key, payload), at: place) }
    }

    mutating func delete(_ key: [UInt8]) -> Bool {
      guard get(key) != nil else { return false }
      rows.remove(at: index(key))
      return true
    }

    func slice(_ range: KeyRange) -> Range<Int> {
      let start = index(range.start.bytes)
      return start..<max(start, range.stop.map { index($0.bytes) } ?? rows.count)
    }
  }

  /// A key of few letters whose length is near where a path goes on in the next node.
  static func key(_ random: inout Seeded, _ head: Int) -> [UInt8] {
    let letters: [UInt8] = [0x00, 0x01, 0x61, 0xFF]
    let edges = [0, 1, 5, 510 - head, 1_011 - head, 1_512 - head, 2_013 - head]
    let edge = edges[Int.random(in: 0..<edges.count, using: &random)]
    let count = max(0, edge + Int.random(in: -2...3, using: &random))
    // Mostly one letter, so that keys share their beginnings, with a change near an edge or the end.
    var key = bytes(letters[Int.random(in: 0...3, using: &random)], count)
    for _ in 0..<Int.random(in: 0...2, using: &random) where count > 0 {
      let near = edges[Int.random(in: 0..<edges.count, using: &random)] + Int.random(in: -2...2, using: &random)
      key[min(max(0, near), count - 1)] = letters[Int.random(in: 0...3, using: &random)]
    }
    return key
  }

  @Test("Thousands of random operations agree with a sorted array", arguments: [0, 3, 120, 255])
  func agreesWithModel(_ categoryBytes: Int) throws {
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    let category =
      String(repeating: "\u{1}", count: min(categoryBytes, 3))
      + String(repeating: "c", count: max(0, categoryBytes - 3))
    let head = category.utf8.count + min(categoryBytes, 3) + 1
    var random = Seeded(state: UInt64(categoryBytes) &+ 7)
    var model = Model()
    let neighbours = [category + "\u{0}", String(category.dropLast()), "zz"].filter {
      $0 != category && $0.utf8.count <= 255
    }
    for name in neighbours {
      try backend.applyOps([.put(category: name, key: raw(bytes(0x61, 1_200)), payload: [9])])
    }

    for step in 0..<3_000 {
      let key = Self.key(&random, head)
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<60:
        let payload = bytes(UInt8(truncatingIfNeeded: step), step % 5)
        try backend.applyOps([.put(category: category, key: raw(key), payload: payload)])
        model.put(key, payload)
      case 60..<70:
        // Of those that are there, so that nodes empty.
        let victim = model.rows.randomElement(using: &random)?.key ?? key
        #expect(try backend.deleteOne(category: category, key: raw(victim)) == model.delete(victim))
        #expect(try backend.deleteOne(category: category, key: raw(key)) == model.delete(key))
      case 70..<74:
        let range = KeyRange(start: raw(key), stop: raw(Self.key(&random, head)))
        let slice = model.slice(range)
        // Seldom half of everything.
        if slice.count < 40 || step % 10 == 0 {
          try backend.applyOps([.deleteRange(category: category, range: range)])
          model.rows.removeSubrange(slice)
        }
      case 74..<80:
        #expect(try backend.getOne(category: category, key: raw(key)) == model.get(key))
        #expect(try backend.existsOne(category: category, key: raw(key)) == (model.get(key) != nil))
      default:
        let stop = Bool.random(using: &random) ? raw(Self.key(&random, head)) : nil
        let range = KeyRange(start: raw(key), stop: stop)
        let expected = model.rows[model.slice(range)].map { KvRow(key: raw($0.key), payload: $0.payload) }
        let reverse = Bool.random(using: &random)
        let limit = Bool.random(using: &random) ? nil : Int.random(in: 0...5, using: &random)
        let mirrored = reverse ? expected.reversed() : expected
        let found = try backend.scanRange(category: category, range: range, reverse: reverse, limit: limit)
        #expect(found == Array(mirrored.prefix(limit ?? .max)), "step \(step)")
        #expect(try backend.countRange(category: category, range: range) == expected.count, "step \(step)")
        if found != Array(mirrored.prefix(limit ?? .max)) { return }
      }
      if step % 500 == 0 { #expect(try backend.findings() == []) }
    }
    #expect(model.rows.count > 10)
    #expect(try backend.findings() == [])
    #expect(
      try backend.categories()
        == (neighbours + [category]).sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
    let all = try backend.rows().filter { $0[0] == Array(category.utf8) }
    #expect(all.map { $0[1] } == model.rows.map(\.key))

    try backend.applyOps([.deleteRange(category: category, range: .all)])
    #expect(try backend.rows().count == neighbours.count)
    for name in neighbours { #expect(try backend.deleteOne(category: name, key: raw(bytes(0x61, 1_200)))) }
    #expect(try backend.entryCount() == 1, "only the format record is left")
    #expect(try backend.findings() == [])
  }

  @Test("20,000 keys that share 600 bytes under the longest category are linear, and leave nothing behind")
  func manySharing() throws {
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    let category = String(repeating: "c", count: 255)
    let shared = bytes(0x61, 600)
    let clock = ContinuousClock()
    let keys = (0..<20_000).map { raw(shared + withUnsafeBytes(of: UInt32($0).bigEndian) { Array($0) }) }
    func load(_ keys: ArraySlice<Key>) throws -> Duration {
      try clock.measure {
        try backend.applyOps(keys.map { .put(category: category, key: $0, payload: [1]) })
      }
    }
    let first = try load(keys[..<2_000])
    let rest = try load(keys[2_000...])
    #expect(rest < first * 40, "18,000 took \(rest), the first 2,000 \(first)")
    var rows: [KvRow] = []
    let scan = try clock.measure { rows = try backend.scanRange(category: category, range: .all) }
    #expect(rows.map(\.key) == keys)
    #expect(scan < .seconds(5))
    #expect(
      try backend.scanRange(category: category, range: .all, reverse: true, limit: 3).map(\.key)
        == keys.suffix(3).reversed())
    #expect(try backend.countRange(category: category, range: KeyRange(start: keys[100], stop: keys[900])) == 800)
    #expect(try backend.findings() == [])

    try backend.applyOps([.deletePrefix(category: category, prefix: raw(bytes(0x61, 300)))])
    #expect(try backend.entryCount() == 1)
  }

  @Test("The longest keys work, alone and as prefixes of one another")
  func longest() throws {
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    let category = String(repeating: "\u{0}", count: 255)
    let lengths = [0, 1, 509, 510, 511, 512, 513, 1_024, 65_534, 65_535]
    let keys = lengths.map { raw(bytes(0x00, $0)) } + [raw(bytes(0xFF, 65_535))]
    try backend.applyOps(
      keys.shuffled().map { .put(category: category, key: $0, payload: [UInt8($0.bytes.count % 251)]) })
    #expect(try backend.scanRange(category: category, range: .all).map(\.key) == keys)
    #expect(try backend.scanRange(category: category, range: .all, reverse: true).map(\.key) == keys.reversed())
    for key in keys {
      #expect(try backend.getOne(category: category, key: key) == [UInt8(key.bytes.count % 251)])
      #expect(
        try backend.countRange(
          category: category, range: KeyRange(start: key, stop: key.bytes.count < 65_535 ? key.successor : nil)) >= 1)
    }
    #expect(try backend.categories() == [category])
    #expect(try backend.rows().allSatisfy { $0[0] == bytes(0, 255) })
    #expect(throws: PersistencyError.self) {
      try backend.applyOps([.put(category: category, key: raw(bytes(1, 65_536)), payload: [])])
    }
    for key in keys { #expect(try backend.deleteOne(category: category, key: key)) }
    #expect(try backend.entryCount() == 1)
  }

  @Test("Categories order by their bytes, whatever they are made of")
  func categories() throws {
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    let names =
      [
        "", "\u{0}", "\u{0}\u{0}", "\u{0}\u{1}", "\u{1}", "\u{1}\u{0}", "\u{2}", "a", "a\u{0}", "a\u{0}b", "a\u{1}",
        "a\u{2}", "aa", "b", "e\u{301}", "\u{e9}", "\u{10FFFF}",
      ]
      + [String(repeating: "\u{1}", count: 255), String(repeating: "x", count: 255)]
    let sorted = names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    let keys = [[], [0], [1], [0xFF], bytes(0xFF, 700)].map(raw)
    for name in names.shuffled() {
      try backend.applyOps(keys.map { .put(category: name, key: $0, payload: Array(name.utf8)) })
    }
    let found = try backend.categories()
    #expect(found.map { Array($0.utf8) } == sorted.map { Array($0.utf8) })
    #expect(
      try backend.rows() == sorted.flatMap { name in keys.map { [Array(name.utf8), $0.bytes, Array(name.utf8)] } })
    try backend.applyOps([.deleteRange(category: "a", range: .all)])
    #expect(try backend.countRange(category: "a", range: .all) == 0)
    #expect(try backend.countRange(category: "a\u{0}", range: .all) == 5)
    #expect(try backend.countRange(category: "aa", range: .all) == 5)
    #expect(try backend.countRange(category: "", range: .all) == 5)
  }
}
