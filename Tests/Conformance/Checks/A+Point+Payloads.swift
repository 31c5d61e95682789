import PersistencyCore

extension ConformanceCheck {
  static let pointPayloads: [ConformanceCheck] = [
    // MARK: The empty payload
    ConformanceCheck(
      "point.empty-payload-get", "A get of an empty payload returns no bytes, and not nil", paragraph: "4.2"
    ) { check in
      let store = try check.open()
      try store.put("c", .text("empty"), [])
      try check.expectPayload(try store.getOne(category: "c", key: .text("empty")), [])
      try check.expectPayload(try store.getOne(category: "c", key: .text("missing")), nil)
    },
    ConformanceCheck("point.empty-payload-exists", "A key with an empty payload exists", paragraph: "4.2") { check in
      let store = try check.open()
      try store.put("c", .text("empty"), [])
      try check.expect(try store.existsOne(category: "c", key: .text("empty")), "does not exist")
    },
    ConformanceCheck(
      "point.empty-payload-in-ranges", "A row with an empty payload is scanned, counted and visited like any other",
      paragraph: "4.2"
    ) { check in
      let store = try check.open()
      let rows = [
        KvRow(key: .text("a"), payload: [1]), KvRow(key: .text("b"), payload: []), KvRow(key: .text("c"), payload: [2]),
      ]
      try store.put(rows, category: "c")
      try check.expectEveryRead(store, "c", rows)
      try check.expectEqual(try store.visitedAll().map(\.row), rows, "all rows")
    },
    ConformanceCheck(
      "point.all-empty", "The empty key of the empty category may hold an empty payload", paragraph: "4.2"
    ) { check in
      let store = try check.open()
      try store.put("", Key(), [])
      try check.expectPayload(try store.getOne(category: "", key: Key()), [])
      try check.expect(try store.existsOne(category: "", key: Key()), "does not exist")
      try check.expectEveryRead(store, "", [KvRow(key: Key(), payload: [])])
      try check.expectEqual(try store.visitedAll().count, 1, "the number of rows visited")
      try check.expectEqual(try store.categories(), [""], "the list of categories")
      try check.expect(try store.deleteOne(category: "", key: Key()), "deleteOne answered false")
      try check.expectEmpty(store, "")
    },

    // MARK: Bytes
    ConformanceCheck(
      "point.one-byte-payloads", "Each of the 256 one-byte payloads comes back as itself", paragraph: "4.2"
    ) { check in
      let store = try check.open()
      let rows = (0...255).map { KvRow(key: .raw(1, UInt8($0)), payload: [UInt8($0)]) }
      try store.put(rows, category: "c")
      try check.expectEachRow(store, "c", rows)
      try check.expectEveryRead(store, "c", rows)
    },
    ConformanceCheck(
      "point.payload-of-all-bytes", "A payload of all 256 byte values, up and down, comes back exactly",
      paragraph: "4.2"
    ) { check in
      let store = try check.open()
      let bytes = (0...255).map { UInt8($0) } + (0...255).reversed().map { UInt8($0) }
      let row = KvRow(key: .text("key"), payload: bytes)
      try store.put([row], category: "c")
      try check.expectEachRow(store, "c", [row])
      try check.expectEveryRead(store, "c", [row])
    },
    ConformanceCheck(
      "point.payload-not-utf8", "Payloads that are not UTF-8 come back byte for byte", paragraph: "4.2"
    ) { check in
      let store = try check.open()
      let payloads: [[UInt8]] = [
        [0xFF], [0xFF, 0xFE], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xE2, 0x82],
        [0x61, 0xCC], [0xEF, 0xBB, 0xBF, 0x61],
      ]
      let rows = payloads.enumerated().map { KvRow(key: .raw(UInt8($0.offset)), payload: $0.element) }
      try store.put(rows, category: "c")
      try check.expectEachRow(store, "c", rows)
      try check.expectEveryRead(store, "c", rows)
    },
    ConformanceCheck(
      "point.payload-with-nul", "A NUL at the start, inside or at the end of a payload ends nothing", paragraph: "4.2"
    ) { check in
      let store = try check.open()
      let payloads: [[UInt8]] = [[0], [0, 0], [0, 97], [97, 0], [97, 0, 98], [97, 0, 0, 98, 0], [97]]
      let rows = payloads.enumerated().map { KvRow(key: .raw(UInt8($0.offset)), payload: $0.element) }
      try store.put(rows, category: "c")
      try check.expectEachRow(store, "c", rows)
      try check.expectEveryRead(store, "c", rows)
    },

    // MARK: Sizes
    ConformanceCheck(
      "point.payload-sizes", "Payloads around every power of two up to 128 KiB come back exactly, by each read",
      paragraph: "4.10"
    ) { check in
      let store = try check.open()
      let sizes = (1...17).flatMap { [(1 << $0) - 1, 1 << $0, (1 << $0) + 1] }
      let rows = check.clamped(sizes, to: check.fixture.limits.payloadBytes).map { size in
        KvRow(key: Key(UInt64(size)), payload: .pattern(size, seed: UInt8(size & 0x7F)))
      }
      try store.put(rows, category: "c")
      try check.expectEachRow(store, "c", rows)
      try check.expectEveryRead(store, "c", rows)
    },
    ConformanceCheck(
      "point.payload-1-mib", "A payload of 1 MiB comes back exactly from get, scan, visit and visitAll",
      paragraph: "4.10"
    ) { check in
      let store = try check.open()
      let size = min(1 << 20, check.fixture.limits.payloadBytes)
      let rows = [KvRow(key: .text("a"), payload: [1]), KvRow(key: .text("big"), payload: .pattern(size))]
      try store.put(rows, category: "c")
      try check.expectEachRow(store, "c", rows)
      try check.expectEveryRead(store, "c", rows)
      try check.expectRows(try store.visitedAll().map(\.row), rows, "visitAll")
    },
    ConformanceCheck(
      "point.payload-64-mib", "A payload of 64 MiB comes back exactly, and deleting it leaves its neighbours",
      paragraph: "4.10"
    ) { check in
      let limits = check.fixture.limits
      let store = try check.open(Rows(texts: ["a", "c"]))
      let size = min(64 << 20, limits.payloadBytes, limits.batchBytes - 16)
      let payload = [UInt8].pattern(size)
      try store.put("c", .text("b"), payload)
      try check.expectPayload(try store.getOne(category: "c", key: .text("b")), payload)
      try check.expect(try store.deleteOne(category: "c", key: .text("b")), "deleteOne answered false")
      try check.expectEveryRead(store, "c", Rows(texts: ["a", "c"]).list)
    },
    ConformanceCheck(
      "point.many-large-payloads", "A scan gives twelve payloads of 300 KB each whole, and each its own",
      paragraph: "4.10"
    ) { check in
      let size = min(300_000, check.fixture.limits.payloadBytes)
      let rows = (0..<12).map { KvRow(key: .raw(UInt8($0)), payload: .pattern(size - $0 % size, seed: UInt8($0))) }
      let store = try check.open()
      try store.put(rows, category: "c")
      try check.expectRows(try store.scanRange(category: "c", range: .all), rows)
      try check.expectRows(try store.scanRange(category: "c", range: .all, reverse: true), rows.reversed())
      try check.expectRows(try store.visited("c"), rows, "the visit")
    },
  ]
}
