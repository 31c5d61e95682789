import PersistencyCore

extension ConformanceCheck {
  /// J: rows imported by the bytes of their categories; every backend takes those that are UTF-8.
  static let imports: [ConformanceCheck] = [
    ConformanceCheck(
      "import.puts-rows", "importRows puts rows of many categories, empty ones too, as puts would", paragraph: "4.1"
    ) { check in
      let names = ["", "a", "a\0", "\u{1}", "é", "e\u{301}", "\u{FFFD}", "\u{10FFFF}"]
      let rows = RawCase.rows(names.map { Array($0.utf8) }, check)
      let store = try check.open()
      try store.importRows(check.shuffled(rows))
      try check.expectEqual(try store.rawRows(), rows, "the rows of the store")
      for name in names {
        let own = rows.filter { $0.category == Array(name.utf8) }.map { KvRow(key: $0.key, payload: $0.payload) }
        try check.expectEveryRead(store, name, own, "category \(name.debugDescription)")
        try check.expectEachRow(store, name, own)
      }
      let sorted = names.sorted { Array($0.utf8).order(to: Array($1.utf8)) < 0 }
      try check.expectEqual(
        try store.categories().map { Array($0.utf8) }, sorted.map { Array($0.utf8) }, "the list of categories")
    },
    ConformanceCheck(
      "import.in-order", "importRows puts over what is stored, and of two rows for one key the later one stays",
      paragraph: "4.3"
    ) { check in
      let store = try check.open([.set("k", "stored"), .set("l", "stored"), .set("k", "stored", in: "d")])
      try store.importRows([
        .plain("k", "first", in: "c"), .plain("k", "other", in: "e"), .plain("k", "second", in: "c"),
      ])
      try check.expectStore(store, ["k=second", "l=stored", "d/k=stored", "e/k=other"])
    },
    ConformanceCheck("import.nothing", "importRows of no rows does nothing, but on a closed store", paragraph: "4.3") {
      check in
      let store = try check.open([.set("k", "v")])
      try store.importRows([])
      try check.expectStore(store, ["k=v"])
      store.close()
      try check.expectError(.closed) { try store.importRows([]) }
    },
    ConformanceCheck(
      "import.limits-first", "importRows with one row over a limit, or its rows together, writes none of them",
      paragraph: "4.10"
    ) { check in
      let limits = check.fixture.limits
      let store = try check.open([.set("k", "v")])
      let fine = RawRow.plain("new", "1", in: "c")
      let bad: [(String, RawRow)] = [
        (
          "a category",
          RawRow(category: [UInt8](repeating: 0x63, count: limits.categoryBytes + 1), key: Key(), payload: [])
        ),
        ("a key", RawRow(category: [0x63], key: .run(0x6B, limits.keyBytes + 1), payload: [])),
        ("an invalid key", RawRow(category: [0x63], key: Key(String(repeating: "t", count: 65_536)), payload: [])),
      ]
      for (what, row) in bad {
        let error = try check.expectError(.invalidArgument, what) { try store.importRows([fine, row, fine]) }
        try check.expectEqual(error.outcome, .notApplied, "the outcome")
        try check.expectStore(store, ["k=v"], "the store after \(what)")
      }
      // The rows share one payload, so that all together take no more memory than one.
      let payload = [UInt8](repeating: 0x70, count: min(limits.payloadBytes, 64 << 20))
      let rows = (0...limits.batchBytes / max(payload.count, 1)).map { number in
        RawRow(category: [0x63], key: Key(plain: numbered(number)), payload: payload)
      }
      try check.expectError(.invalidArgument, "the rows together") { try store.importRows(rows) }
      try check.expectStore(store, ["k=v"], "the store after the rows together")
      try store.importRows([fine])
      try check.expectStore(store, ["k=v", "new=1"])
    },
    ConformanceCheck(
      "import.atomic", "An import of many rows in two categories is seen whole or not at all", paragraph: "4.3"
    ) { check in
      try watchImports(check, categories: [[0x63], [0x64]])
    },
    ConformanceCheck(
      "import.large", "An import of 5,000 rows keeps every one, in the order of keys", paragraph: "4.3"
    ) { check in
      let rows = (0..<5_000).map { number in
        RawRow.plain(numbered(number), "\(number)", in: number % 2 == 0 ? "c" : "d")
      }
      let store = try check.open()
      try store.importRows(check.shuffled(rows))
      let wanted = rows.filter { $0.category == [0x63] } + rows.filter { $0.category == [0x64] }
      try check.expectEqual(try store.rawRows(), wanted, "the rows of the store")
      try check.expectEqual(try store.countRange(category: "d", range: .all), 2_500, "the rows of “d”")
    },
  ]

  /// Two threads read the whole store while a third imports rows, all of one number at a time.
  static func watchImports(_ check: CheckContext, categories: [[UInt8]]) throws {
    let keys = (0..<40).map { Key(plain: numbered($0)) }
    let store = try check.open()
    @Sendable func rows(_ round: Int) -> [RawRow] {
      categories.flatMap { category in
        keys.map { RawRow(category: category, key: $0, payload: Array("\(round)".utf8)) }
      }
    }
    try store.importRows(rows(0))
    try watch(
      check, rounds: 50, write: { round in try store.importRows(rows(round)) },
      read: {
        let found = try store.rawRows()
        try check.expectEqual(found.count, categories.count * keys.count, "the rows read")
        try check.expectEqual(Set(found.map(\.payload)).count, 1, "the number of imports seen at once")
      })
  }
}

extension RawRow {
  static func plain(_ key: String, _ payload: String, in category: String) -> RawRow {
    RawRow(category: Array(category.utf8), key: Key(plain: key), payload: Array(payload.utf8))
  }
}

extension KvBackend {
  /// Every row of the store, as `visitAll` lends it.
  func rawRows() throws(PersistencyError) -> [RawRow] {
    try visitedAll().map { RawRow(category: $0.category, key: $0.row.key, payload: $0.row.payload) }
  }
}

extension CheckContext {
  /// In an order drawn from the seed.
  func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var generator = SeededGenerator(seed: seed)
    return elements.shuffled(using: &generator)
  }
}
