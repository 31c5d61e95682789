import PersistencyCore

extension ConformanceCheck {
  /// D: the rows that begin with some bytes.
  static let prefix: [ConformanceCheck] =
    PrefixCase.all.flatMap { prefixCase in
      [scan(prefixCase), reverse(prefixCase), count(prefixCase), delete(prefixCase)]
    } + everyPrefix + prefixMore

  private static func scan(_ each: PrefixCase) -> ConformanceCheck {
    ConformanceCheck(
      "prefix.\(each.name).scan",
      each.isEmpty
        ? "A scan by \(each.subject) gives no row, with a limit or without"
        : "A scan by \(each.subject) gives \(each.gives), in order, as many as its limit allows", paragraph: "4.6"
    ) { check in
      let store = try check.open(PrefixCase.rows)
      let prefix = Key(rawBytes: each.prefix)
      try check.expectRows(try store.scanPrefix(category: "c", prefix: prefix), each.wanted)
      for limit in 0...(each.wanted.count + 1) {
        let found = try store.scanPrefix(category: "c", prefix: prefix, limit: limit)
        try check.expectRows(found, Array(each.wanted.prefix(limit)), "the scan of at most \(limit)")
      }
    }
  }

  private static func reverse(_ each: PrefixCase) -> ConformanceCheck {
    ConformanceCheck(
      "prefix.\(each.name).reverse",
      each.isEmpty
        ? "A reverse scan by \(each.subject) gives no row: no limit is filled from before it"
        : "A reverse scan by \(each.subject) gives \(each.gives), last first, and with a limit never spills over",
      paragraph: "4.6"
    ) { check in
      let store = try check.open(PrefixCase.rows)
      let prefix = Key(rawBytes: each.prefix)
      let wanted = Array(each.wanted.reversed())
      try check.expectRows(try store.scanPrefix(category: "c", prefix: prefix, reverse: true), wanted)
      for limit in 0...(wanted.count + 1) {
        let found = try store.scanPrefix(category: "c", prefix: prefix, reverse: true, limit: limit)
        try check.expectRows(found, Array(wanted.prefix(limit)), "the reverse scan of at most \(limit)")
      }
    }
  }

  private static func count(_ each: PrefixCase) -> ConformanceCheck {
    ConformanceCheck(
      "prefix.\(each.name).count",
      each.isEmpty
        ? "Counted and visited, \(each.subject) has no row"
        : "Counted and visited, \(each.subject) has \(each.gives)", paragraph: "4.6"
    ) { check in
      let store = try check.open(PrefixCase.rows)
      let range = KeyRange(prefix: Key(rawBytes: each.prefix))
      try check.expectEqual(try store.countRange(category: "c", range: range), each.wanted.count, "the count")
      try check.expectRows(try store.visited("c", range), each.wanted, "the visit")
      try check.expectRows(try store.visited("c", range, reverse: true), each.wanted.reversed(), "the reverse visit")
    }
  }

  private static func delete(_ each: PrefixCase) -> ConformanceCheck {
    ConformanceCheck(
      "prefix.\(each.name).delete",
      each.isEmpty
        ? "Deleting by \(each.subject) removes no row"
        : "Deleting by \(each.subject) removes \(each.gives), and nothing else", paragraph: "4.3"
    ) { check in
      let store = try check.open(PrefixCase.rows)
      try check.fill(store, PrefixCase.rows, category: "d")
      try store.applyOps([.deletePrefix(category: "c", prefix: Key(rawBytes: each.prefix))])
      try check.expectNoneOf(store, "c", each.wanted)
      try check.expectEveryRead(store, "c", PrefixCase.rows.without(each.wanted), "the rest")
      try check.expectEveryRead(store, "d", PrefixCase.rows.list, "the next category")
    }
  }
}

/// A prefix, and the rows that begin with it.
private struct PrefixCase: Sendable {
  let name: String
  /// For the rule: "a prefix that is a key".
  let subject: String
  let gives: String
  let prefix: [UInt8]
  /// Places in ``rows``, written down and not computed.
  let places: Range<Int>

  var wanted: [KvRow] { Array(Self.rows.list[places]) }
  var isEmpty: Bool { places.isEmpty }

  init(_ name: String, _ subject: String, _ gives: String, _ prefix: [UInt8], _ places: Range<Int>) {
    self.name = name
    self.subject = subject
    self.gives = gives
    self.prefix = prefix
    self.places = places
  }

  static let rows = Rows([
    [], [0], [0, 0], [0, 0xFF], [1],  // 0…4
    .text("a"), .text("a\0"), .text("aa"), .text("aab"), .text("ab"),  // 5…9
    .text("a") + [0xFE, 0xFF], .text("a") + [0xFF], .text("a") + [0xFF, 0], .text("a") + [0xFF, 0xFF, 1],  // 10…13
    .text("b"), .text("b") + [0xFF, 1], .text("b") + [0xFF, 2],  // 14…16
    [0xFE, 0xFF], [0xFF], [0xFF, 0], [0xFF, 0xFF], [0xFF, 0xFF, 0xFF],  // 17…21
  ])

  static let all: [PrefixCase] = [
    PrefixCase("empty", "the empty prefix", "every row", [], 0..<22),
    PrefixCase("key", "a prefix that is a key", "that row and its continuations", .text("aa"), 7..<9),
    PrefixCase("not-a-key", "a prefix that is no key", "the rows that begin with it", .text("b") + [0xFF], 15..<17),
    PrefixCase("between", "a prefix that lies between rows and begins none", "nothing", .text("aaa"), 8..<8),
    PrefixCase("longer", "a prefix longer than any key", "nothing", .text("aab") + [0, 0, 0, 0, 0], 9..<9),
    PrefixCase("beyond", "a prefix beyond all but FF", "nothing", [0xFD], 17..<17),
    PrefixCase("siblings", "a prefix with siblings on both sides", "its own rows alone", .text("a"), 5..<14),
    PrefixCase("zero", "a prefix of 00", "the rows that begin with 00, not the empty key", [0], 1..<4),
    PrefixCase("last-ff", "a prefix that ends in FF", "the rows that begin with it", .text("a") + [0xFF], 11..<14),
    PrefixCase(
      "last-ffs", "a prefix that ends in FF twice", "the rows that begin with it", .text("a") + [0xFF, 0xFF], 13..<14),
    PrefixCase(
      "interior-ff", "a prefix with FF inside", "the rows that begin with it", .text("b") + [0xFF, 1], 15..<16),
    PrefixCase("ff", "a prefix of one FF", "the rows that begin with FF", [0xFF], 18..<22),
    PrefixCase(
      "all-ff", "a prefix of nothing but FF bytes", "the rows that begin with all of them", [0xFF, 0xFF], 20..<22),
    PrefixCase(
      "longer-ff", "a prefix of more FF bytes than any key has", "nothing", [0xFF, 0xFF, 0xFF, 0xFF], 22..<22),
  ]
}
