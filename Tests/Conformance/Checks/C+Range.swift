import PersistencyCore

extension ConformanceCheck {
  /// C: ranges, in every way they are read.
  static let range: [ConformanceCheck] =
    RangeCase.all.flatMap { rangeCase in
      [scan(rangeCase), reverseScan(rangeCase), limitedScan(rangeCase), count(rangeCase), visit(rangeCase)]
    } + rangeStores + rangeLimits + rangeShortForms
    + rangeDeletedRows + rangeNeighbours + rangeVisitors + rangeVisitorCalls + rangeVisitAll + rangePaging

  private static func scan(_ each: RangeCase) -> ConformanceCheck {
    ConformanceCheck(
      "range.\(each.name).scan",
      each.isEmpty
        ? "A scan of \(each.subject) gives no row" : "A scan of \(each.subject) gives \(each.gives), in order",
      paragraph: "4.6"
    ) { check in
      let store = try check.open(RangeCase.rows)
      try check.expectRows(try store.scanRange(category: "c", range: each.range), each.wanted)
    }
  }

  private static func reverseScan(_ each: RangeCase) -> ConformanceCheck {
    ConformanceCheck(
      "range.\(each.name).reverse",
      each.isEmpty
        ? "A reverse scan of \(each.subject) gives no row"
        : "A reverse scan of \(each.subject) gives \(each.gives), last first", paragraph: "4.6"
    ) { check in
      let store = try check.open(RangeCase.rows)
      let found = try store.scanRange(category: "c", range: each.range, reverse: true)
      try check.expectRows(found, each.wanted.reversed(), "the reverse scan")
    }
  }

  private static func limitedScan(_ each: RangeCase) -> ConformanceCheck {
    ConformanceCheck(
      "range.\(each.name).limit",
      each.isEmpty
        ? "A scan of \(each.subject) finds no row to fill a limit with, from either end"
        : "A scan of \(each.subject) gives \(each.gives), from either end, no more than a limit allows",
      paragraph: "4.6"
    ) { check in
      let store = try check.open(RangeCase.rows)
      for limit in Set([0, 1, 2, each.wanted.count, each.wanted.count + 1]).sorted() {
        let found = try store.scanRange(category: "c", range: each.range, reverse: false, limit: limit)
        try check.expectRows(found, Array(each.wanted.prefix(limit)), "the scan of at most \(limit)")
        let back = try store.scanRange(category: "c", range: each.range, reverse: true, limit: limit)
        try check.expectRows(back, Array(each.wanted.reversed().prefix(limit)), "the reverse scan of at most \(limit)")
      }
    }
  }

  private static func count(_ each: RangeCase) -> ConformanceCheck {
    ConformanceCheck(
      "range.\(each.name).count",
      each.isEmpty ? "The count of \(each.subject) is 0" : "Counted, \(each.subject) has \(each.gives)",
      paragraph: "4.6"
    ) { check in
      let store = try check.open(RangeCase.rows)
      try check.expectEqual(try store.countRange(category: "c", range: each.range), each.wanted.count, "the count")
    }
  }

  private static func visit(_ each: RangeCase) -> ConformanceCheck {
    ConformanceCheck(
      "range.\(each.name).visit",
      each.isEmpty
        ? "A visit of \(each.subject) is lent no row, from either end"
        : "A visit of \(each.subject) is lent \(each.gives), from either end", paragraph: "4.6"
    ) { check in
      let store = try check.open(RangeCase.rows)
      try check.expectRows(try store.visited("c", each.range), each.wanted, "the visit")
      let back = try store.visited("c", each.range, reverse: true)
      try check.expectRows(back, each.wanted.reversed(), "the reverse visit")
    }
  }
}
