import PersistencyCore

extension ConformanceCheck {
  static let rangeVisitAll: [ConformanceCheck] = [
    ConformanceCheck(
      "range.visit-all-order", "visitAll lends every row once: by category bytes, then key bytes", paragraph: "4.1"
    ) { check in
      let store = try check.open()
      try Neighbours.fill(store)
      let found = try store.visitedAll()
      let wanted = Neighbours.categories.flatMap { category in
        Neighbours.rows(category).list.map { (category: Array(category.utf8), row: $0) }
      }
      try check.expectRows(found.map(\.row), wanted.map(\.row), "visitAll")
      try check.expectEqual(found.map(\.category), wanted.map(\.category), "the categories lent")
    },
    ConformanceCheck(
      "range.visit-all-long", "visitAll keeps its order where categories and keys are as long as they may be",
      paragraph: "4.1"
    ) { check in
      let limits = check.fixture.limits
      let store = try check.open()
      let sizes = check.clamped([1, 2, 127, 128, 254, 255], to: limits.categoryBytes)
      let rows = Rows(check.clamped([0, 1, 255, 256, 509, 511, 512, 2_000], to: limits.keyBytes).map { .pattern($0) })
      let names = sizes.flatMap { size in ["k", "kz"].map { String(repeating: $0, count: size).prefix(size) } }
      let categories = Set(names.map { Array($0.utf8) }).sorted { $0.order(to: $1) < 0 }
      for category in categories.reversed() {
        try check.fill(store, rows, category: String(decoding: category, as: UTF8.self))
      }
      let found = try store.visitedAll()
      try check.expectEqual(
        found.map(\.category), categories.flatMap { Array(repeating: $0, count: rows.count) }, "the categories lent")
      try check.expectRows(found.map(\.row), categories.flatMap { _ in rows.list }, "visitAll")
      let texts = categories.map { String(decoding: $0, as: UTF8.self) }
      try check.expectEqual(try store.categories(), texts, "the list of categories")
    },
    ConformanceCheck(
      "range.visit-all-stop", "A visitor of everything that stops after n rows is called n times, across categories",
      paragraph: "4.8"
    ) { check in
      let store = try check.open()
      for category in ["a", "b", "c"] { try check.fill(store, Rows(texts: ["x", "y"]), category: category) }
      for last in 1...6 {
        var calls = 0
        try store.visitAll { _, _, _ throws(PersistencyError) in
          calls += 1
          return calls == last ? .stop : .next
        }
        try check.expectEqual(calls, last, "the number of calls")
      }
      try store.deleteRange("b", .all)
      try check.expectEqual(try store.visitedAll().count, 4, "the rows after a delete")
    },
    ConformanceCheck(
      "range.visit-all-throw", "What a visitor of everything throws comes out unchanged, in both forms of the call",
      paragraph: "4.8"
    ) { check in
      let store = try check.open(RangeCase.rows)
      let thrown = PersistencyError(.unsupported, "the visitor's own", backendCode: 7)
      var calls = 0
      let caught = try check.expectError(.unsupported, "visitAll") {
        try store.visitAll { _, _, _ throws(PersistencyError) in
          calls += 1
          throw thrown
        }
      }
      try check.expectEqual(caught, thrown, "the error that came out")
      do {
        try store.visitEverything { _, _, _ in
          calls += 1
          throw OwnError(number: 43)
        }
        throw check.failure("visitEverything succeeded instead of throwing the caller's error")
      } catch let error as OwnError {
        try check.expectEqual(error.number, 43, "what the error carries")
      }
      try check.expectEqual(calls, 2, "the number of calls")
      try store.put("c", .text("later"), [])
      try check.expectEqual(try store.visitedAll().count, 8, "the rows afterwards")
    },
    ConformanceCheck(
      "range.visit-all-one-state",
      "visitAll lends the state it began with, while its visitor deletes and puts everywhere",
      paragraph: "4.7"
    ) { check in
      let store = try check.open()
      for category in ["a", "b", "c"] { try check.fill(store, Rows(texts: ["x", "y"]), category: category) }
      var seen: [String] = []
      try store.visitEverything { category, key, _ in
        if seen.isEmpty {
          try store.applyOps([
            .deleteRange(category: "b", range: .all), .put(category: "a", key: .text("xx"), payload: [1]),
            .put(category: "bb", key: .text("new"), payload: [1]), .delete(category: "c", key: .text("y")),
          ])
        }
        seen.append(String(decoding: [UInt8](copying: category) + [UInt8](copying: key), as: UTF8.self))
        return .next
      }
      try check.expectEqual(seen, ["ax", "ay", "bx", "by", "cx", "cy"], "the rows lent")
      let after = try store.visitedAll().map { String(decoding: $0.category + $0.row.key.bytes, as: UTF8.self) }
      try check.expectEqual(after, ["ax", "axx", "ay", "bbnew", "cx"], "the rows afterwards")
    },
    ConformanceCheck(
      "range.visit-all-calls", "A visitor of everything may get, scan, count, list and visit again", paragraph: "4.8"
    ) { check in
      let store = try check.open()
      for category in ["a", "b"] { try check.fill(store, Rows(texts: ["x", "y"]), category: category) }
      var calls = 0
      try store.visitEverything { category, key, payload in
        calls += 1
        let name = String(decoding: [UInt8](copying: category), as: UTF8.self)
        let found = try store.getOne(category: name, key: Key(copying: key))
        try check.expectPayload(found, [UInt8](copying: payload), "the payload got while visiting")
        try check.expectEveryRead(store, name, Rows(texts: ["x", "y"]).list)
        try check.expectEqual(try store.categories(), ["a", "b"], "the categories while visiting")
        try check.expectEqual(try store.visitedAll().count, 4, "the inner visit's rows")
        return .next
      }
      try check.expectEqual(calls, 4, "the number of calls")
    },
  ]
}
