import PersistencyCore

extension ConformanceCheck {
  static let longKeyRanges: [ConformanceCheck] = [
    ConformanceCheck(
      "bytes.long-bounds", "Long bounds between short rows cut where their bytes say", paragraph: "4.6"
    ) { check in
      let rows = Rows(texts: ["a", "b", "c", "d", "e"])
      let store = try check.open(rows)
      let size = min(700, check.fixture.limits.keyBytes)
      let afterB = Key(rawBytes: .text("b") + [UInt8](repeating: 0, count: size - 1))
      let beforeD = Key(rawBytes: .text("c") + [UInt8](repeating: 0xFF, count: size - 1))
      let both = KeyRange(start: afterB, stop: beforeD)
      try check.expectEveryRead(store, "c", both, [rows.list[2]], "between two long bounds")
      try check.expectEveryRead(store, "c", KeyRange(start: afterB, stop: nil), Array(rows.list[2...]), "a long start")
      try check.expectEveryRead(store, "c", KeyRange(start: Key(), stop: afterB), Array(rows.list[...1]), "a long stop")
    },
    ConformanceCheck(
      "bytes.bounds-within-long-keys", "Every bound cut from a long key, lowered and raised, selects by its bytes",
      paragraph: "4.6"
    ) { check in
      let whole = [UInt8].pattern(min(1_200, check.fixture.limits.keyBytes - 1), seed: 9)
      let cuts = check.clamped([0, 1, 100, 495, 500, 505, 509, 510, 511, 512, 513, 900, 1_005, 1_200], to: whole.count)
      let near = cuts.flatMap { cut -> [[UInt8]] in
        let part = Array(whole.prefix(cut))
        guard let last = part.last else { return [part] }
        return [part, part.dropLast() + [last &- 1], part.dropLast() + [last &+ 1], part + [0]]
      }
      let rows = Rows(near)
      let store = try check.open(rows)
      for row in rows.list {
        let start = row.key.bytes
        let from = KeyRange(start: row.key, stop: nil)
        try check.expectEveryRead(store, "c", from, rows.between(start, nil), "from \(start.shown)")
        let upTo = KeyRange(start: Key(), stop: row.key)
        let before = start.isEmpty ? rows.list : rows.between([], start)
        try check.expectEveryRead(store, "c", upTo, before, "up to \(start.shown)")
      }
    },
    ConformanceCheck(
      "bytes.long-limit-both-ways", "A limit among long keys takes the rows nearest to the end it begins at",
      paragraph: "4.6"
    ) { check in
      let shared = [UInt8].pattern(min(620, check.fixture.limits.keyBytes - 2))
      let rows = Rows((0..<100).map { shared + [UInt8($0), UInt8($0)] } + [[1], [0xFF]])
      let store = try check.open(rows)
      let within = rows.beginning(with: shared)
      for limit in [1, 2, 99, 100, 101] {
        let first = try store.scanPrefix(category: "c", prefix: Key(rawBytes: shared), limit: limit)
        try check.expectRows(first, Array(within.prefix(limit)), "the first \(limit)")
        let last = try store.scanPrefix(category: "c", prefix: Key(rawBytes: shared), reverse: true, limit: limit)
        try check.expectRows(last, Array(within.reversed().prefix(limit)), "the last \(limit)")
      }
    },
    ConformanceCheck(
      "bytes.long-delete-range", "A delete-range inside long keys removes what its bytes say and leaves the rest",
      paragraph: "4.3"
    ) { check in
      let shared = [UInt8].pattern(min(1_100, check.fixture.limits.keyBytes - 2), seed: 5)
      let rows = Rows((0..<64).map { shared + [UInt8($0 * 4), 1] } + (0...64).map { Array(shared.prefix($0 * 17)) })
      let store = try check.open(rows)
      let start = shared + [40]
      let stop = shared + [120, 1]
      try store.deleteRange("c", KeyRange(start: Key(rawBytes: start), stop: Key(rawBytes: stop)))
      let gone = rows.between(start, stop)
      try check.expect(gone.count > 10, "the range covers \(gone.count) rows")
      try check.expectNoneOf(store, "c", gone)
      try check.expectEveryRead(store, "c", rows.without(gone), "the rest")
      let half = Array(shared.prefix(600))
      try store.deleteRange("c", KeyRange(prefix: Key(rawBytes: half)))
      let left = rows.without(gone).filter { !Rows.begins($0.key.bytes, with: half) }
      try check.expectEveryRead(store, "c", left, "what does not begin with 600 of the bytes")
    },
    ConformanceCheck(
      "bytes.long-keys-linear",
      "20,000 keys sharing 600 bytes under the longest category take linear time, and a delete-range leaves nothing",
      paragraph: "4.10"
    ) { check in
      let limits = check.fixture.limits
      let store = try check.open()
      let shared = [UInt8].pattern(min(600, limits.keyBytes - 4))
      let few = try check.threadSeconds { try timedRun(check, store, shared, "f", count: 5_000) }
      let many = try check.threadSeconds { try timedRun(check, store, shared, "m", count: 20_000) }
      // Quadratic work would cost sixteen times as much; what is over a quarter of a second decides.
      try check.expect(
        many <= few * 10 + 0.25, "5,000 keys took \(few) s of this thread's time, and 20,000 took \(many) s")
      try check.expectEmpty(store)
    },
    ConformanceCheck(
      "bytes.long-keys-persist", "Long keys, their prefixes and their order are the same after a reopen",
      paragraph: "4.1", tier: .persistent,
      unless: { $0.capabilities.persistent ? nil : "it is not persistent" }
    ) { check in
      let whole = [UInt8].pattern(min(2_000, check.fixture.limits.keyBytes), seed: 11)
      let rows = Rows(stride(from: 0, through: whole.count, by: 50).map { Array(whole.prefix($0)) })
      var store = try check.open(rows)
      let gone = rows.list.enumerated().filter { $0.offset % 4 == 1 }.map(\.element)
      try store.applyOps(gone.map { .delete(category: "c", key: $0.key) })
      store = try check.reopen(store)
      try check.expectEachRow(store, "c", rows.without(gone))
      try check.expectEveryRead(store, "c", rows.without(gone))
      try check.expectNoneOf(store, "c", gone)
      try check.fill(store, rows, category: "c")
      try check.expectEveryRead(store, "c", rows.list, "the rows put anew")
      try store.deleteRange("c", .all)
      try check.expectEmpty(try check.reopen(store))
    },
  ]

  /// Puts, counts, gets, scans and deletes keys that share a long start.
  private static func timedRun(
    _ check: CheckContext, _ store: any KvBackend, _ shared: [UInt8], _ letter: Character, count: Int
  ) throws {
    let category = String(repeating: letter, count: check.fixture.limits.categoryBytes)
    let keys = (0..<count).map { number in
      // Reversed digits: neighbours in time are strangers in order.
      Key(rawBytes: shared + [UInt8(number & 0xFF), UInt8(number >> 8 & 0xFF), 0x33])
    }
    try store.put(keys.map { KvRow(key: $0, payload: Array($0.bytes.suffix(3))) }, category: category)
    try check.expectEqual(try store.countRange(category: category, range: .all), count, "the count")
    for key in keys where key.bytes[shared.count] % 16 == 0 {
      try check.expectPayload(try store.getOne(category: category, key: key), Array(key.bytes.suffix(3)))
    }
    var last = Key()
    var seen = 0
    try store.visitRange(category: category, range: .all, reverse: false) { key, _ throws(PersistencyError) in
      let key = Key(copying: key)
      if last < key { seen += 1 }
      last = key
      return .next
    }
    try check.expectEqual(seen, count, "the number of rows visited in order")
    try store.deleteRange(category, KeyRange(prefix: Key(rawBytes: shared)))
    try check.expectEveryRead(store, category, [], "after the delete-range")
  }
}
