import PersistencyCore

extension ConformanceCheck {
  private static let unlessTaken: @Sendable (BackendFixture) -> String? = {
    $0.capabilities.rawCategories ? nil : "rawCategories is not declared"
  }

  /// J: categories that are not UTF-8, as a file that another program wrote may hold.
  static let rawCategories: [ConformanceCheck] = [
    ConformanceCheck(
      "raw-category.undeclared",
      "An engine that does not declare rawCategories refuses a category that is not UTF-8, and writes nothing",
      paragraph: "capabilities",
      unless: { $0.capabilities.rawCategories ? "rawCategories is declared" : nil }
    ) { check in
      let store = try check.open([.set("k", "v")])
      for category in RawCase.categories(check).filter({ String(validating: $0, as: UTF8.self) == nil }) {
        let raw = RawRow(category: category, key: Key(plain: "k"), payload: [1])
        let error = try check.expectError(.unsupported, "category \(category.shown)") {
          try store.importRows([.plain("new", "1", in: "c"), raw, .plain("newer", "1", in: "c")])
        }
        try check.expectEqual(error.outcome, .notApplied, "the outcome")
        try check.expectStore(store, ["k=v"], "the store after category \(category.shown)")
      }
    },
    ConformanceCheck(
      "raw-category.visited-in-order",
      "Categories that are not UTF-8 are visited by visitAll among the others, by their bytes",
      paragraph: "4.1", unless: unlessTaken
    ) { check in
      let rows = RawCase.rows(RawCase.categories(check), check)
      let store = try check.open()
      try store.importRows(check.shuffled(rows))
      try check.expectEqual(try store.rawRows(), rows, "the rows of the store")
      // Over themselves, one by one.
      for row in check.shuffled(rows).prefix(40) { try store.importRows([row]) }
      try check.expectEqual(try store.rawRows(), rows, "the rows after a second import")
    },
    ConformanceCheck(
      "raw-category.list-names-it",
      "With a category that is not UTF-8 categories() throws `.corrupted` and names it in hexadecimal",
      paragraph: "4.1", unless: unlessTaken
    ) { check in
      for category: [UInt8] in [[0xFF, 0x00], [0x80, 0x01], [0x61, 0xC3], [0xF7, 0xFF, 0x02]] {
        let store = try check.open(in: try check.makeDirectory(category.shown))
        try store.importRows([.plain("k", "v", in: "c"), RawRow(category: category, key: Key(), payload: [])])
        let error = try check.expectError(.corrupted, "categories()") { _ = try store.categories() }
        let digits = String(category.shown.dropFirst("hex:".count))
        try check.expect(error.message.lowercased().contains(digits), "“\(error.message)” does not name \(digits)")
      }
    },
    ConformanceCheck(
      "raw-category.others-readable",
      "Beside categories that are not UTF-8 every other one reads, writes and deletes its own rows alone",
      paragraph: "4.1", unless: unlessTaken
    ) { check in
      let categories = RawCase.categories(check)
      let rows = RawCase.rows(categories, check)
      let store = try check.open()
      try store.importRows(rows)
      let texts = categories.compactMap { String(validating: $0, as: UTF8.self) }
      for name in texts {
        let own = rows.filter { $0.category == Array(name.utf8) }.map { KvRow(key: $0.key, payload: $0.payload) }
        try check.expectEveryRead(store, name, own, "category \(name.debugDescription)")
      }
      // What a careless decoding would make of them.
      for category in categories where String(validating: category, as: UTF8.self) == nil {
        let repaired = String(decoding: category, as: UTF8.self)
        if texts.contains(repaired) || repaired.utf8.count > check.fixture.limits.categoryBytes { continue }
        try check.expectEveryRead(store, repaired, [], "the repaired name of \(category.shown)")
      }
      for name in texts { try store.applyOps([.set("new", "1", in: name), .clear(in: name)]) }
      let left = rows.filter { String(validating: $0.category, as: UTF8.self) == nil }
      try check.expectEqual(try store.rawRows(), left, "the rows after the others were deleted")
    },
    ConformanceCheck(
      "raw-category.atomic", "An import into a category that is not UTF-8 and one that is is seen whole or not at all",
      paragraph: "4.3", unless: unlessTaken
    ) { check in
      try watchImports(check, categories: [[0x63], [0xFF, 0x00]])
    },
    ConformanceCheck(
      "raw-category.persist", "Categories that are not UTF-8 are the same after a reopen", paragraph: "4.1",
      tier: .persistent,
      unless: { unlessTaken($0) ?? ($0.capabilities.persistent ? nil : "it is not persistent") }
    ) { check in
      let rows = RawCase.rows(RawCase.categories(check), check)
      let store = try check.open()
      try store.importRows(rows)
      let again = try check.reopen(store)
      try check.expectEqual(try again.rawRows(), rows, "the rows after a reopen")
      try check.expectError(.corrupted, "categories()") { _ = try again.categories() }
    },
    ConformanceCheck(
      "raw-category.check-finds-nothing",
      "The engine's own check finds nothing wrong with a category that is not UTF-8",
      paragraph: "capabilities",
      unless: { unlessTaken($0) ?? ($0.capabilities.maintenance.contains(.check) ? nil : "check is not declared") }
    ) { check in
      let store = try check.open()
      try store.importRows(RawCase.rows(RawCase.categories(check), check))
      guard let maintenance = store as? any KvMaintenance else {
        throw check.failure("declares maintenance, but is no KvMaintenance")
      }
      var findings: [String] = []
      try maintenance.check { findings.append($0.message) }
      try check.expectEqual(findings, [], "the findings")
    },
  ]
}

/// Categories by their bytes, and rows in them.
enum RawCase {
  /// Sorted; some are text, the others break UTF-8 in every way, or look like what an engine may keep for itself.
  static func categories(_ check: CheckContext) -> [[UInt8]] {
    let limit = check.fixture.limits.categoryBytes
    let texts = ["", "\0", "a", "a\u{1}", "é", "\u{FFFD}", "\u{10FFFF}"].map { Array($0.utf8) }
    let broken: [[UInt8]] = [
      // A continuation alone, a beginning alone, an overlong form, a surrogate, past the last scalar.
      [0x80], [0xC3], [0xC3, 0x28], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0x61, 0xFF], [0x61, 0xFF, 0x00], [0xF5], [0xF6, 0xFF], [0xF7], [0xF7, 0x00], [0xF7, 0x01], [0xF7, 0xF6],
      [0xF7, 0xF7], [0xF7, 0xF8, 0x00], [0xF8], [0xF8, 0x00], [0xF8, 0x01, 0xF8], [0xFE], [0xFE, 0x70],
      [0xFE] + Array("persistency".utf8), [0xFF], [0xFF, 0x00], [0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01],
      [0xFF, 0xFF], [UInt8](repeating: 0xFF, count: limit), [UInt8](repeating: 0xF7, count: limit),
      [0xF8] + [UInt8](repeating: 0x00, count: max(0, limit - 1)),
    ]
    return (texts + broken).filter { $0.count <= limit }.sorted { $0.order(to: $1) < 0 }
  }

  /// Rows for each category, sorted: the empty key, short ones, long ones with a common beginning.
  static func rows(_ categories: [[UInt8]], _ check: CheckContext) -> [RawRow] {
    let limit = check.fixture.limits.keyBytes
    let long = [UInt8](repeating: 0x61, count: min(1_200, limit))
    let keys: Set<[UInt8]> = [[], [0x00], [0x01, 0xFF], [0x6B], [0xFF, 0xFF], Array(long.prefix(600)), long]
    let sorted = keys.sorted { $0.order(to: $1) < 0 }
    return categories.sorted { $0.order(to: $1) < 0 }.enumerated().flatMap { place, category in
      sorted.map { key in
        RawRow(category: category, key: Key(rawBytes: key), payload: key.isEmpty ? [] : [UInt8(place)] + key.suffix(3))
      }
    }
  }
}
