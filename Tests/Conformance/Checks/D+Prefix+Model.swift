import PersistencyCore

extension ConformanceCheck {
  /// For every key of `rows` and every length of its prefixes, `body` gets the prefix and the rows that begin with it.
  private static func forEveryPrefix(
    of rows: Rows, lengths: (Int) -> [Int] = { Array(0...$0) }, _ body: ([UInt8], [KvRow]) throws -> Void
  ) rethrows {
    var done = Set<[UInt8]>()
    for row in rows.list {
      for length in lengths(row.key.bytes.count) {
        let prefix = Array(row.key.bytes.prefix(length))
        if done.insert(prefix).inserted { try body(prefix, rows.beginning(with: prefix)) }
      }
    }
  }

  private static func small(_ seed: UInt64) -> Rows {
    var generator = SeededGenerator(seed: seed ^ 0xD0)
    return Rows(
      (0..<120).map { _ in
        (0..<Int.random(in: 0...6, using: &generator)).map { _ in
          [0x00, 0x61, 0xFE, 0xFF][Int.random(in: 0..<4, using: &generator)]
        }
      })
  }

  static let everyPrefix: [ConformanceCheck] = [
    ConformanceCheck(
      "prefix.every-scan", "For every key and every prefix length a prefix scan gives what the model says",
      paragraph: "4.6"
    ) { check in
      let rows = small(check.seed)
      let store = try check.open(rows)
      try forEveryPrefix(of: rows) { prefix, wanted in
        let found = try store.scanPrefix(category: "c", prefix: Key(rawBytes: prefix))
        try check.expectRows(found, wanted, "the scan by \(prefix.shown)")
        try check.expect(!found.isEmpty, "no row begins with \(prefix.shown), a prefix of one")
      }
    },
    ConformanceCheck(
      "prefix.every-reverse",
      "For every key and every prefix length a reverse prefix scan is the mirror, cut by its limit",
      paragraph: "4.6"
    ) { check in
      let rows = small(check.seed)
      let store = try check.open(rows)
      try forEveryPrefix(of: rows) { prefix, wanted in
        for limit in [1, 3, wanted.count, wanted.count + 1] {
          let back = try store.scanPrefix(category: "c", prefix: Key(rawBytes: prefix), reverse: true, limit: limit)
          try check.expectRows(
            back, Array(wanted.reversed().prefix(limit)), "the reverse scan of \(limit) by \(prefix.shown)")
        }
      }
    },
    ConformanceCheck(
      "prefix.every-count", "For every key and every prefix length count and visit agree with the model",
      paragraph: "4.6"
    ) { check in
      let rows = small(check.seed)
      let store = try check.open(rows)
      try forEveryPrefix(of: rows) { prefix, wanted in
        let range = KeyRange(prefix: Key(rawBytes: prefix))
        try check.expectEqual(
          try store.countRange(category: "c", range: range), wanted.count, "the count of \(prefix.shown)")
        try check.expectRows(try store.visited("c", range), wanted, "the visit of \(prefix.shown)")
        let back = try store.visited("c", range, reverse: true)
        try check.expectRows(back, wanted.reversed(), "the reverse visit of \(prefix.shown)")
      }
    },
    ConformanceCheck(
      "prefix.every-delete", "For every key and every prefix length a prefix delete leaves what the model says",
      paragraph: "4.3"
    ) { check in
      let rows = Rows(sorted: Array(small(check.seed).list.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)))
      let store = try check.open()
      // One category for each prefix, so that two commits do.
      var puts: [TxOp] = []
      var deletes: [TxOp] = []
      var left: [(category: String, prefix: [UInt8], rows: [KvRow])] = []
      forEveryPrefix(of: rows) { prefix, begin in
        let category = "prefix \(left.count)"
        puts += rows.list.map { .put(category, $0) }
        deletes.append(.deletePrefix(category: category, prefix: Key(rawBytes: prefix)))
        left.append((category, prefix, rows.without(begin)))
      }
      try store.applyInParts(puts)
      try store.applyInParts(deletes)
      try check.expect(left.count > 50, "the model has \(left.count) prefixes")
      for (category, prefix, rows) in left {
        try check.expectRows(
          try store.scanRange(category: category, range: .all), rows, "what is left after deleting \(prefix.shown)")
      }
    },
    ConformanceCheck(
      "prefix.every-absent", "A prefix that no key begins with, one byte off from those that do, gives nothing",
      paragraph: "4.6"
    ) { check in
      let rows = small(check.seed)
      let store = try check.open(rows)
      var absent = 0
      try forEveryPrefix(of: rows) { prefix, _ in
        for off in [prefix + [0x62], prefix.dropLast() + [0x80], prefix + [0x01]] {
          absent += 1
          try check.expectEveryRead(store, "c", KeyRange(prefix: Key(rawBytes: off)), [], "prefix \(off.shown)")
        }
      }
      try check.expect(absent > 100, "the model has \(absent) absent prefixes")
    },
    ConformanceCheck(
      "prefix.every-long",
      "For long keys that share starts, prefixes of every length around 500, 1,000 and 1,500 agree",
      paragraph: "4.6"
    ) { check in
      var generator = SeededGenerator(seed: check.seed ^ 0xD1)
      let longest = min(1_600, check.fixture.limits.keyBytes)
      let base = [UInt8].pattern(longest, seed: 21)
      let rows = Rows(
        (0..<60).map { number in
          var key = base
          // Keys part from the base at a place of their own; some also end early.
          let place = [3, 499, 500, 505, 510, 511, 512, 999, 1_005, 1_022, 1_500][number % 11] % longest
          key[place] = [0x00, 0xFF, key[place] &+ 1][Int.random(in: 0..<3, using: &generator)]
          return Array(key.prefix(number % 4 == 0 ? place + 1 : longest))
        } + [base])
      let store = try check.open(rows)
      let near = Array(0...4) + Array(496...514) + Array(996...1_024) + [1_499, 1_500, 1_501, longest]
      try forEveryPrefix(of: rows, lengths: { size in near.filter { $0 <= size } + [size] }) { prefix, wanted in
        let range = KeyRange(prefix: Key(rawBytes: prefix))
        let found = try store.scanRange(category: "c", range: range, reverse: true, limit: wanted.count + 1)
        try check.expectRows(found, wanted.reversed(), "the reverse scan by \(prefix.shown)")
        try check.expectEqual(
          try store.countRange(category: "c", range: range), wanted.count, "the count of \(prefix.shown)")
      }
    },
  ]
}
