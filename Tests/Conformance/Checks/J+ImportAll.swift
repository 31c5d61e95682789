import PersistencyCore

extension ConformanceCheck {
  /// J: imports of many lists, of sizes where engines have ways of their own for rows that come in rising order.
  static let wholeImports: [ConformanceCheck] = [
    ConformanceCheck(
      "import.all",
      "importAll puts every row of every list, rising or not, over what is stored; of two rows for one key the later one stays",
      paragraph: "4.3"
    ) { check in
      let store = try check.open([.set("000003", "stored"), .set("z", "stored"), .set("k", "stored", in: "d")])
      let lists = Self.lists(check)
      let calls = try Self.importAll(lists, into: store)
      try check.expectEqual(calls, lists.count + 1, "the number of times that a list was asked for")
      var wanted = Self.merged(lists)
      for row in [RawRow.plain("z", "stored", in: "c"), .plain("k", "stored", in: "d")] { wanted.append(row) }
      wanted.sort { $0.order(to: $1) < 0 }
      try check.expect(try store.rawRows() == wanted, "the store does not hold the rows that were imported")
      try check.expectEqual(
        try store.countRange(category: "c", range: .all), wanted.count { $0.category == [0x63] }, "the rows of “c”")
      try check.expectEqual(
        try store.getOne(category: "c", key: Key(plain: numbered(7))), Array("last".utf8), "a row that came twice")
      try store.applyOps([.set(numbered(7), "after")])
      try check.expectEqual(
        try store.getOne(category: "c", key: Key(plain: numbered(7))), Array("after".utf8), "a row put afterwards")
    },
    ConformanceCheck(
      "import.all-persists", "What importAll put is there after a reopen", paragraph: "4.8", tier: .persistent,
      unless: { $0.capabilities.persistent ? nil : "it is not persistent" }
    ) { check in
      let lists = Self.lists(check)
      var store = try check.open()
      _ = try Self.importAll(lists, into: store)
      store = try check.reopen(store)
      try check.expect(try store.rawRows() == Self.merged(lists), "the store does not hold the rows that were imported")
    },
    ConformanceCheck(
      "import.all-stops",
      "importAll throws what its source throws, or refuses a list over a limit, asks for no further list, and the store goes on",
      paragraph: "4.3"
    ) { check in
      let store = try check.open([.set("z", "stored")])
      let lists = Array(Self.lists(check).prefix(12))
      var given = 0
      let error = try check.expectError(.cancelled, "an import whose source ends with an error") {
        try store.importAll { () throws(PersistencyError) in
          given += 1
          if given <= lists.count { return lists[given - 1] }
          throw PersistencyError(.cancelled, "the source ends here")
        }
      }
      try check.expectEqual(error.message, "the source ends here", "what was thrown")
      try check.expectEqual(given, lists.count + 1, "the number of times that a list was asked for")
      let known = Dictionary(grouping: lists.joined(), by: \.key)
      for row in try store.rawRows() where row != .plain("z", "stored", in: "c") {
        try check.expect(known[row.key]?.contains(row) == true, "a row is there that nobody gave: \(row.key)")
      }
      let long = RawRow(category: [0x63], key: .run(0x6B, check.fixture.limits.keyBytes + 1), payload: [])
      var asked = 0
      try check.expectError(.invalidArgument, "a list with a row over a limit") {
        try store.importAll { () throws(PersistencyError) in
          asked += 1
          return [long]
        }
      }
      try check.expectEqual(asked, 1, "the number of times that a list was asked for")
      try store.applyOps([.set("z", "after")])
      try check.expectEqual(
        try store.getOne(category: "c", key: Key(plain: "z")), Array("after".utf8), "a row put afterwards")
      store.close()
      try check.expectError(.closed) { try store.importAll { () throws(PersistencyError) in nil } }
    },
  ]

  /// Some megabytes of rows: rising for long, then from the beginning again, then of shorter and longer names.
  private static func lists(_ check: CheckContext) -> [[RawRow]] {
    let size = max(4, min(check.fixture.limits.payloadBytes, 32 << 10))
    func rows(_ category: String, _ numbers: Range<Int>, _ payload: (Int) -> [UInt8]) -> [[RawRow]] {
      stride(from: numbers.lowerBound, to: numbers.upperBound, by: 10).map { start in
        (start..<min(start + 10, numbers.upperBound)).map { number in
          RawRow(category: Array(category.utf8), key: Key(plain: numbered(number)), payload: payload(number))
        }
      }
    }
    func large(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size) }
    let rising = rows("c", 0..<200, large)
    let second = rows("c", 0..<30) { _ in Array("last".utf8) }
    let names = rows("bb", 0..<20, large) + rows("a", 0..<20, large) + rows("ccc", 0..<140, large)
    return rising + [[]] + second + names + [[]]
  }

  private static func importAll(_ lists: [[RawRow]], into store: any KvBackend) throws(PersistencyError) -> Int {
    var calls = 0
    try store.importAll { () throws(PersistencyError) in
      calls += 1
      return calls <= lists.count ? lists[calls - 1] : nil
    }
    return calls
  }

  /// What stays of the lists, sorted as `visitAll` gives it.
  private static func merged(_ lists: [[RawRow]]) -> [RawRow] {
    var rows: [RawRow: RawRow] = [:]
    for row in lists.joined() { rows[RawRow(category: row.category, key: row.key, payload: [])] = row }
    return rows.values.sorted { $0.order(to: $1) < 0 }
  }
}

extension RawRow {
  /// By category bytes, then key bytes.
  fileprivate func order(to other: RawRow) -> Int {
    let order = category.order(to: other.category)
    return order == 0 ? key.bytes.order(to: other.key.bytes) : order
  }
}
