import PersistencyCore

extension ConformanceCheck {
  /// J: categories.
  static let categories: [ConformanceCheck] = categoryIsolation + categoryLists + categoryNames + categoryLimits

  private static let categoryIsolation: [ConformanceCheck] = [
    ConformanceCheck(
      "category.same-key", "The same key in two categories is two rows, each with its own payload", paragraph: "4.1"
    ) { check in
      let store = try check.open()
      try store.put("one", .text("key"), [1])
      try store.put("two", .text("key"), [2])
      try check.expectPayload(try store.getOne(category: "one", key: .text("key")), [1], "the payload in “one”")
      try check.expectPayload(try store.getOne(category: "two", key: .text("key")), [2], "the payload in “two”")
      try check.expectEveryRead(store, "one", [KvRow(key: .text("key"), payload: [1])])
      try check.expectEveryRead(store, "two", [KvRow(key: .text("key"), payload: [2])])
    },
    ConformanceCheck(
      "category.overwrite", "Overwriting a key in one category leaves the other's payload", paragraph: "4.1"
    ) { check in
      let store = try check.open(Rows(texts: ["key"]), category: "one")
      try check.fill(store, Rows(texts: ["key"]), category: "two")
      try store.put("one", .text("key"), [1])
      try check.expectPayload(try store.getOne(category: "one", key: .text("key")), [1])
      try check.expectEveryRead(store, "two", Rows(texts: ["key"]).list)
    },
    ConformanceCheck(
      "category.delete", "Deleting a key in one category leaves the other's row, by op and by deleteOne",
      paragraph: "4.1"
    ) { check in
      let rows = Rows(texts: ["key"])
      let store = try check.open(rows, category: "one")
      try check.fill(store, rows, category: "two")
      try check.fill(store, rows, category: "three")
      try store.delete("one", .text("key"))
      try check.expect(try store.deleteOne(category: "three", key: .text("key")), "deleteOne answered false")
      try check.expectEveryRead(store, "one", [])
      try check.expectEveryRead(store, "two", rows.list)
      try check.expectEveryRead(store, "three", [])
    },
    ConformanceCheck(
      "category.neighbours", "In categories that are prefixes of each other every row is got as its own",
      paragraph: "4.1"
    ) { check in
      let store = try check.open()
      try Neighbours.fill(store)
      for category in Neighbours.categories {
        try check.expectEachRow(store, category, Neighbours.rows(category).list)
      }
      try check.expectEqual(
        try store.visitedAll().count, Neighbours.categories.count * Neighbours.rows("").count, "the rows of the store")
    },
    ConformanceCheck(
      "category.not-joined", "Category and key are never joined: what splits one text differently is another row",
      paragraph: "4.1"
    ) { check in
      let store = try check.open()
      for text in ["abcabc", "\0\0\0\0", "a\0b\0c", "aaaa"] {
        let splits = (0...text.count).map { (String(text.prefix($0)), Key.text(String(text.dropFirst($0)))) }
        try store.applyOps(
          splits.enumerated().map { .put(category: $1.0, key: $1.1, payload: [UInt8($0)]) })
        for (number, (category, key)) in splits.enumerated() {
          let found = try store.getOne(category: category, key: key)
          try check.expectPayload(found, [UInt8(number)], "the payload of \(text.debugDescription) cut at \(number)")
        }
        let (category, key) = splits[2]
        try check.expect(try store.deleteOne(category: category, key: key), "deleteOne answered false")
        for (number, (category, key)) in splits.enumerated() where number != 2 {
          try check.expect(
            try store.existsOne(category: category, key: key), "\(text.debugDescription) cut at \(number) is gone")
        }
        try check.expect(try !store.existsOne(category: category, key: key), "the row deleted exists")
      }
    },

    // MARK: Unknown categories
    ConformanceCheck(
      "category.unknown-reads", "A category never written to is empty to every read, beside others that have rows",
      paragraph: "4.1"
    ) { check in
      let store = try check.open(RangeCase.rows, category: "known")
      for category in ["unknown", "know", "known\0", "knowns", "", "\u{10FFFF}"] {
        try check.expectNoneOf(store, category, RangeCase.rows.list)
        try check.expectEveryRead(store, category, [], "category \(category.debugDescription)")
        try check.expectEveryRead(store, category, .texts("b", "h"), [], "a range of \(category.debugDescription)")
      }
      try check.expectEveryRead(store, "known", RangeCase.rows.list)
    },
    ConformanceCheck(
      "category.unknown-deletes", "Deletes of every form in an unknown category succeed and remove nothing elsewhere",
      paragraph: "4.9"
    ) { check in
      let store = try check.open(RangeCase.rows, category: "known")
      for category in ["unknown", "know", "knowns", ""] {
        try check.expect(try !store.deleteOne(category: category, key: .text("b")), "deleteOne answered true")
        try store.applyOps([
          .delete(category: category, key: .text("b")), .deleteRange(category: category, range: .all),
          .deletePrefix(category: category, prefix: .text("d")),
        ])
      }
      try check.expectEveryRead(store, "known", RangeCase.rows.list)
      try check.expectEqual(try store.categories(), ["known"], "the list of categories")
    },
  ]

  private static let categoryLists: [ConformanceCheck] = [
    ConformanceCheck("category.none", "An empty store lists no category", paragraph: "4.1") { check in
      let store = try check.open()
      try check.expectEqual(try store.categories(), [], "the list of categories")
      try store.put("c", Key(), [])
      try check.expectEqual(try store.categories(), ["c"], "the list of categories after a put")
    },
    ConformanceCheck(
      "category.list-order", "Categories are listed once each, by their UTF-8 bytes and not by their length",
      paragraph: "4.1"
    ) { check in
      let store = try check.open()
      try Neighbours.fill(store)
      let found = try store.categories().map { Array($0.utf8) }
      try check.expectEqual(found, Neighbours.categories.map { Array($0.utf8) }, "the list of categories")
    },
    ConformanceCheck(
      "category.list-large", "A category of 5,000 rows between small ones is listed once", paragraph: "4.1"
    ) { check in
      let store = try check.open(Rows((0..<5_000).map { Key(UInt16($0)).bytes }), category: "b")
      for category in ["a", "b\0", "c", "ba"] { try store.put(category, .text("key"), [1]) }
      try check.expectEqual(try store.categories(), ["a", "b", "b\0", "ba", "c"], "the list of categories")
    },
    ConformanceCheck(
      "category.list-after-deletes",
      "A category is listed while it has a row, and no longer, however the last one went",
      paragraph: "4.1"
    ) { check in
      let store = try check.open()
      for category in ["a", "b", "c", "d"] { try check.fill(store, Rows(texts: ["x", "y"]), category: category) }
      try store.delete("a", .text("x"))
      try check.expectEqual(try store.categories(), ["a", "b", "c", "d"], "the list while “a” has a row")
      try store.delete("a", .text("y"))
      try check.expectEqual(try store.categories(), ["b", "c", "d"], "the list after deleting both rows of “a”")
      try store.deleteRange("b", .all)
      try check.expectEqual(try store.categories(), ["c", "d"], "the list after a delete-range of “b”")
      _ = try store.deleteOne(category: "d", key: .text("x"))
      _ = try store.deleteOne(category: "d", key: .text("y"))
      try check.expectEqual(try store.categories(), ["c"], "the list after deleteOne of both rows of “d”")
      try store.put("b", .text("x"), [])
      try check.expectEqual(try store.categories(), ["b", "c"], "the list after a put into “b” again")
    },
    ConformanceCheck(
      "category.list-not-by-reads", "Reading, deleting in and failing to write to a category does not list it",
      paragraph: "4.1"
    ) { check in
      let store = try check.open(Rows(texts: ["x"]), category: "known")
      _ = try store.getOne(category: "got", key: .text("x"))
      _ = try store.countRange(category: "counted", range: .all)
      try store.delete("deleted", .text("x"))
      try check.expectError(.conflict, "a batch with a false expect") {
        try store.applyOps([
          .put(category: "failed", key: .text("x"), payload: []),
          .expect(category: "known", key: .text("x"), payload: nil),
        ])
      }
      try store.applyOps([
        .put(category: "passing", key: .text("x"), payload: []), .deleteRange(category: "passing", range: .all),
      ])
      try check.expectEqual(try store.categories(), ["known"], "the list of categories")
    },
    ConformanceCheck(
      "category.thousand", "1,000 categories each keep their rows, and are listed and visited in order",
      paragraph: "4.1"
    ) { check in
      let names = (0..<1_000).map { "category \($0)" }.sorted { Array($0.utf8).order(to: Array($1.utf8)) < 0 }
      let store = try check.open()
      try store.applyOps(
        names.reversed().flatMap { name -> [TxOp] in
          [
            .put(category: name, key: .text("name"), payload: .text(name)),
            .put(category: name, key: .text("z"), payload: []),
          ]
        })
      try check.expectEqual(try store.categories(), names, "the list of categories")
      for name in names {
        try check.expectPayload(try store.getOne(category: name, key: .text("name")), .text(name))
        try check.expectEqual(try store.countRange(category: name, range: .all), 2, "the rows of \(name)")
      }
      let visited = try store.visitedAll()
      try check.expectEqual(
        visited.map { String(decoding: $0.category, as: UTF8.self) }, names.flatMap { [$0, $0] },
        "the categories visited")
      try store.applyOps(
        names.enumerated().filter { $0.offset % 2 == 0 }.map { .deleteRange(category: $0.element, range: .all) })
      let left = names.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
      try check.expectEqual(try store.categories(), left, "the list after emptying every other one")
    },
    ConformanceCheck(
      "category.persist", "Categories of every kind of name, with their rows, are the same after a reopen",
      paragraph: "4.1",
      tier: .persistent, unless: { $0.capabilities.persistent ? nil : "it is not persistent" }
    ) { check in
      var store = try check.open()
      try Neighbours.fill(store)
      try store.deleteRange("aa", .all)
      store = try check.reopen(store)
      try check.expectNeighbours(store, except: ["aa": []])
      let left = Neighbours.categories.filter { $0 != "aa" }
      try check.expectEqual(
        try store.categories().map { Array($0.utf8) }, left.map { Array($0.utf8) }, "the list of categories")
    },
  ]
}
