import PersistencyCore

extension ConformanceCheck {
  /// A: one key at a time.
  static let point: [ConformanceCheck] = pointReads + pointDeletes + pointPayloads + pointTexts + pointOwnership

  private static let pointReads: [ConformanceCheck] = [
    ConformanceCheck(
      "point.missing-is-nil", "A key that was never put reads as nil from an empty store", paragraph: "4.2"
    ) { check in
      let store = try check.open()
      try check.expectPayload(try store.getOne(category: "c", key: .text("missing")), nil)
      try store.put("c", .text("missing"), [1])
      try check.expectPayload(try store.getOne(category: "c", key: .text("missing")), [1])
    },
    ConformanceCheck(
      "point.missing-beside-rows-is-nil",
      "A missing key reads as nil before, between and after rows, as their prefix, and as their continuation",
      paragraph: "4.2"
    ) { check in
      let rows = Rows(texts: ["bb", "dd", "ff"])
      let store = try check.open(rows)
      for text in ["", "a", "b", "bba", "bb\0", "c", "d", "ddd", "ee", "fe", "f", "ffa", "z"] {
        let found = try store.getOne(category: "c", key: .text(text))
        try check.expectPayload(found, nil, "the payload of the absent “\(text)”")
      }
      try check.expectEachRow(store, "c", rows.list)
    },
    ConformanceCheck("point.put-then-get", "A get returns the payload that was put", paragraph: "4.2") { check in
      let store = try check.open()
      try store.put("c", .text("key"), .text("payload"))
      try check.expectPayload(try store.getOne(category: "c", key: .text("key")), .text("payload"))
    },
    ConformanceCheck(
      "point.exists-before-and-after", "A key exists after its put, and not before", paragraph: "4.2"
    ) { check in
      let store = try check.open()
      try check.expect(try !store.existsOne(category: "c", key: .text("key")), "exists before its put")
      try store.put("c", .text("key"), .text("payload"))
      try check.expect(try store.existsOne(category: "c", key: .text("key")), "does not exist after its put")
    },
    ConformanceCheck(
      "point.exists-is-exact", "Existence is of the very key: not of a prefix of it, a continuation, or a neighbour",
      paragraph: "4.2"
    ) { check in
      let store = try check.open(Rows(texts: ["bb", "dd"]))
      for text in ["", "a", "b", "bba", "bb\0", "c", "d", "ddd", "e"] {
        try check.expect(try !store.existsOne(category: "c", key: .text(text)), "the absent “\(text)” exists")
      }
      for text in ["bb", "dd"] {
        try check.expect(try store.existsOne(category: "c", key: .text(text)), "“\(text)” does not exist")
      }
    },
    ConformanceCheck("point.overwrite", "A second put of a key replaces its payload", paragraph: "4.2") { check in
      let store = try check.open()
      try store.put("c", .text("key"), .text("one"))
      try store.put("c", .text("key"), .text("two"))
      try check.expectPayload(try store.getOne(category: "c", key: .text("key")), .text("two"))
    },
    ConformanceCheck(
      "point.overwrite-keeps-one-row", "However often a key is put, it is one row of scan, count, visit and visitAll",
      paragraph: "4.2"
    ) { check in
      let store = try check.open(Rows(texts: ["a", "z"]))
      for round in 0..<5 { try store.put("c", .text("key"), [UInt8(round)]) }
      let row = KvRow(key: .text("key"), payload: [4])
      try check.expectEveryRead(store, "c", .texts("b", "y"), [row])
      try check.expectEqual(try store.visitedAll().map(\.row.key), [.text("a"), .text("key"), .text("z")])
    },
    ConformanceCheck(
      "point.overwrite-of-another-length",
      "A longer, a shorter and again a longer payload each replace the whole of it",
      paragraph: "4.2"
    ) { check in
      let store = try check.open()
      for size in [10, 5_000, 3, 70_000, 1, 4_000] where size <= check.fixture.limits.payloadBytes {
        try store.put("c", .text("key"), .pattern(size, seed: UInt8(size % 251)))
        let found = try store.getOne(category: "c", key: .text("key"))
        try check.expectPayload(found, .pattern(size, seed: UInt8(size % 251)), "the payload of \(size) bytes")
      }
    },
    ConformanceCheck(
      "point.overwrite-with-empty", "An empty payload replaces a full one, and a full one an empty one",
      paragraph: "4.2"
    ) { check in
      let store = try check.open()
      try store.put("c", .text("key"), .text("full"))
      try store.put("c", .text("key"), [])
      try check.expectPayload(try store.getOne(category: "c", key: .text("key")), [])
      try store.put("c", .text("key"), .text("full again"))
      try check.expectPayload(try store.getOne(category: "c", key: .text("key")), .text("full again"))
    },
    ConformanceCheck(
      "point.overwrite-spares-others", "Overwriting every third of 600 rows changes those and no other",
      paragraph: "4.2"
    ) { check in
      let rows = Rows((0..<600).map { .text("row \($0)") })
      let store = try check.open(rows)
      let changed = rows.list.enumerated().map { place, row in
        place % 3 == 0 ? KvRow(key: row.key, payload: [9, 9, UInt8(place & 0xFF)]) : row
      }
      try store.put(changed.enumerated().filter { $0.offset % 3 == 0 }.map(\.element), category: "c")
      try check.expectEachRow(store, "c", changed)
      try check.expectEveryRead(store, "c", changed)
    },
    ConformanceCheck(
      "point.same-payload-twice", "Putting the same payload again succeeds and changes nothing", paragraph: "4.2"
    ) { check in
      let store = try check.open(Rows(texts: ["a", "b"]))
      for _ in 0..<3 { try store.put([KvRow(key: .text("a"), payload: Rows.payload(of: .text("a")))], category: "c") }
      try check.expectEveryRead(store, "c", Rows(texts: ["a", "b"]).list)
    },
    ConformanceCheck(
      "point.read-follows-write", "A read sees the write acknowledged just before it, 200 times in a row",
      paragraph: "4.7"
    ) { check in
      let store = try check.open()
      for round in 0..<200 {
        try store.put("c", .text("key"), [UInt8(round), 1])
        try check.expectPayload(
          try store.getOne(category: "c", key: .text("key")), [UInt8(round), 1], "the payload of round \(round)")
      }
    },
    ConformanceCheck(
      "point.thousand-keys", "Of 1,000 keys put in any order each has its own payload", paragraph: "4.1"
    ) { check in
      let rows = Rows((0..<1_000).map { .text(String($0 * 7_919 % 100_003)) })
      let store = try check.open(rows)
      try check.expectEqual(rows.count, 1_000, "the number of keys put")
      try check.expectEachRow(store, "c", rows.list)
    },
    ConformanceCheck(
      "point.typed-key-is-its-bytes", "A key of typed parts and one of the same raw bytes name one row", paragraph: "3"
    ) { check in
      let store = try check.open()
      let typed = Key("chan", Int64(7))
      try store.put("c", typed, .text("payload"))
      let raw = Key(rawBytes: [0, 4] + Array("chan".utf8) + [0x80, 0, 0, 0, 0, 0, 0, 7])
      try check.expectPayload(try store.getOne(category: "c", key: raw), .text("payload"))
      try check.expectEqual(try store.scanRange(category: "c", range: .all).first?.key, typed, "the key scanned")
    },
  ]
}
