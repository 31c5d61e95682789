import PersistencyCore

extension ConformanceCheck {
  static let keyLimits: [ConformanceCheck] = [
    ConformanceCheck(
      "bytes.longest-keys",
      "Keys of the greatest length that differ in the first, a middle or the last byte are rows apart",
      paragraph: "4.10"
    ) { check in
      let size = check.fixture.limits.keyBytes
      let places = [0, size / 2, size - 1]
      let rows = Rows(
        [[UInt8](repeating: 0x55, count: size)]
          + places.flatMap { place in
            [UInt8(0), 0xFF].map { byte in
              var key = [UInt8](repeating: 0x55, count: size)
              key[place] = byte
              return key
            }
          })
      let store = try check.open(rows)
      try check.expectEachRow(store, "c", rows.list)
      try check.expectEveryRead(store, "c", rows.list)
      let middle = rows.list[3]
      try check.expectEveryRead(
        store, "c", KeyRange(start: middle.key, stop: rows.list[5].key), Array(rows.list[3..<5]), "the middle")
      try store.deleteRange("c", KeyRange(start: middle.key, stop: nil))
      try check.expectEveryRead(store, "c", Array(rows.list[..<3]), "after a delete-range")
    },
    ConformanceCheck(
      "bytes.longest-of-ones",
      "A key of the greatest length, all FF, is the last of all and its prefix range holds it alone",
      paragraph: "4.10"
    ) { check in
      let last = Key.run(0xFF, check.fixture.limits.keyBytes)
      let rows = Rows([last.bytes, Array(last.bytes.dropLast()), [0xFF], [0xFE]])
      let store = try check.open(rows)
      try check.fill(store, Rows(texts: ["next"]), category: "d")
      try check.expectEveryRead(store, "c", rows.list)
      try check.expectEveryRead(store, "c", KeyRange(prefix: last), [rows.list[3]], "its own prefix")
      try store.applyOps([.deletePrefix(category: "c", prefix: last)])
      try check.expectEveryRead(store, "c", Array(rows.list[..<3]), "after deleting its prefix")
      try check.expectEveryRead(store, "d", Rows(texts: ["next"]).list, "the next category")
    },
    ConformanceCheck(
      "bytes.over-key-limit-writes",
      "A key one byte over the limit is refused by put and delete, and nothing of the batch is written",
      paragraph: "4.10"
    ) { check in
      let over = Key.run(0x61, check.fixture.limits.keyBytes + 1)
      let rows = Rows(texts: ["a", "b"])
      let store = try check.open(rows)
      let first = TxOp.put(category: "c", key: .text("new"), payload: [1])
      for op in [TxOp.put(category: "c", key: over, payload: [1]), .delete(category: "c", key: over)] {
        try check.expectError(.invalidArgument, "a batch with a key over the limit") {
          try store.applyOps([first, .delete(category: "c", key: .text("a")), op])
        }
        try check.expectEveryRead(store, "c", rows.list, "the rows after the refusal")
      }
      try check.expectError(.invalidArgument, "deleteOne over the limit") {
        _ = try store.deleteOne(category: "c", key: over)
      }
      try store.applyOps([first])
      try check.expectEqual(try store.countRange(category: "c", range: .all), 3, "the rows after a good batch")
    },
    ConformanceCheck(
      "bytes.over-key-limit-reads", "A key one byte over the limit is refused by get and exists, not read as missing",
      paragraph: "4.10"
    ) { check in
      let store = try check.open(Rows(texts: ["a"]))
      let over = Key.run(0x61, check.fixture.limits.keyBytes + 1)
      try check.expectError(.invalidArgument, "getOne") { _ = try store.getOne(category: "c", key: over) }
      try check.expectError(.invalidArgument, "existsOne") { _ = try store.existsOne(category: "c", key: over) }
      try check.expectEveryRead(store, "c", Rows(texts: ["a"]).list)
    },
    ConformanceCheck(
      "bytes.over-bound-limit",
      "A start or stop one byte over the limit is refused by scan, count, visit and delete-range",
      paragraph: "4.10"
    ) { check in
      let rows = Rows(texts: ["a", "z"])
      let store = try check.open(rows)
      let over = Key.run(0x61, check.fixture.limits.keyBytes + 1)
      for range in [KeyRange(start: over, stop: nil), KeyRange(start: Key(), stop: over)] {
        try check.expectError(.invalidArgument, "scanRange") { _ = try store.scanRange(category: "c", range: range) }
        try check.expectError(.invalidArgument, "a reverse scanRange of no rows") {
          _ = try store.scanRange(category: "c", range: range, reverse: true, limit: 0)
        }
        try check.expectError(.invalidArgument, "countRange") { _ = try store.countRange(category: "c", range: range) }
        try check.expectError(.invalidArgument, "visitRange") { _ = try store.visited("c", range) }
        try check.expectError(.invalidArgument, "deleteRange") {
          try store.applyOps([.delete(category: "c", key: .text("a")), .deleteRange(category: "c", range: range)])
        }
      }
      try check.expectEveryRead(store, "c", rows.list, "the rows after the refusals")
    },
    ConformanceCheck(
      "bytes.bounds-at-limit",
      "A start and a stop of the greatest length are taken by scan, count, visit and delete-range",
      paragraph: "4.10"
    ) { check in
      let size = check.fixture.limits.keyBytes
      let rows = Rows(texts: ["a", "c", "d", "f"])
      let store = try check.open(rows)
      let range = KeyRange(
        start: Key(rawBytes: .text("b") + [UInt8](repeating: 0x61, count: size - 1)),
        stop: Key(rawBytes: .text("e") + [UInt8](repeating: 0x61, count: size - 1)))
      try check.expectEveryRead(store, "c", range, Array(rows.list[1...2]))
      try store.deleteRange("c", range)
      try check.expectEveryRead(store, "c", [rows.list[0], rows.list[3]], "the rest")
    },
  ]

  static let randomKeys: [ConformanceCheck] = [
    ConformanceCheck(
      "bytes.random-small-alphabet",
      "2,000 random keys over 00, 01, 61 and FF are in order, and random ranges select them",
      paragraph: "4.1"
    ) { check in
      var generator = SeededGenerator(seed: check.seed)
      func key(_ longest: Int) -> [UInt8] {
        (0..<Int.random(in: 0...longest, using: &generator)).map { _ in
          [0x00, 0x01, 0x61, 0xFF][Int.random(in: 0..<4, using: &generator)]
        }
      }
      let rows = Rows((0..<2_000).map { _ in key(12) })
      let store = try check.open(rows)
      try check.expect(rows.count > 1_000, "the model has \(rows.count) rows")
      try check.expectEachRow(store, "c", rows.list)
      try check.expectEveryRead(store, "c", rows.list)
      for _ in 0..<40 {
        let (start, stop) = (key(5), key(5))
        let wanted = rows.between(start, stop.isEmpty ? nil : stop)
        let range = KeyRange(start: Key(rawBytes: start), stop: Key(rawBytes: stop))
        try check.expectEveryRead(store, "c", range, wanted, "from \(start.shown) up to \(stop.shown)")
      }
    },
    ConformanceCheck(
      "bytes.random-long-keys",
      "Random keys of long runs that share starts keep order, ranges, prefixes and deletes like the model",
      paragraph: "4.1"
    ) { check in
      var generator = SeededGenerator(seed: check.seed ^ 0xB0)
      let longest = check.fixture.limits.keyBytes
      func key() -> [UInt8] {
        // Runs whose lengths straddle the sizes at which engines cut keys.
        let runs = (0..<Int.random(in: 0...4, using: &generator)).flatMap { _ in
          let length = [1, 2, 250, 255, 256, 499, 500, 501, 509, 510, 511, 512][
            Int.random(in: 0..<12, using: &generator)]
          return [UInt8](repeating: [0, 0x61, 0xFF][Int.random(in: 0..<3, using: &generator)], count: length)
        }
        return Array(runs.prefix(longest))
      }
      var rows = Rows((0..<700).map { _ in key() })
      let store = try check.open(rows)
      try check.expect(rows.count > 50, "the model has \(rows.count) rows")
      for round in 0..<4 {
        try check.expectEachRow(store, "c", rows.list)
        try check.expectEveryRead(store, "c", rows.list, "round \(round)")
        for _ in 0..<12 {
          let (start, stop) = (key(), key())
          let wanted = rows.between(start, stop.isEmpty ? nil : stop)
          let range = KeyRange(start: Key(rawBytes: start), stop: Key(rawBytes: stop))
          try check.expectEveryRead(store, "c", range, wanted, "from \(start.shown) up to \(stop.shown)")
          let prefixed = KeyRange(prefix: Key(rawBytes: start))
          try check.expectEveryRead(store, "c", prefixed, rows.beginning(with: start), "prefix \(start.shown)")
        }
        let (start, stop) = (key(), key())
        let gone = rows.between(start, stop.isEmpty ? nil : stop)
        let picked = rows.list.filter { _ in Int.random(in: 0..<5, using: &generator) == 0 }
        try store.applyOps(
          picked.map { .delete(category: "c", key: $0.key) } + [
            .deleteRange(category: "c", range: KeyRange(start: Key(rawBytes: start), stop: Key(rawBytes: stop)))
          ])
        rows = Rows(rows.without(gone + picked).map(\.key.bytes) + (0..<60).map { _ in key() })
        try check.fill(store, rows, category: "c")
      }
    },
  ]
}
