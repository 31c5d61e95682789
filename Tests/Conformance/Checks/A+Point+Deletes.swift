import PersistencyCore

extension ConformanceCheck {
  static let pointDeletes: [ConformanceCheck] = [
    ConformanceCheck(
      "point.delete", "A deleted row is gone from get, exists, scan, count, visit and visitAll", paragraph: "4.9"
    ) { check in
      let rows = Rows(texts: ["a", "b", "c"])
      let store = try check.open(rows)
      try store.delete("c", .text("b"))
      let gone = rows.filter { $0 == .text("b") }
      try check.expectNoneOf(store, "c", gone)
      try check.expectEveryRead(store, "c", rows.without(gone))
      try check.expectEqual(try store.visitedAll().map(\.row), rows.without(gone), "all rows")
    },
    ConformanceCheck(
      "point.delete-missing", "Deleting what is absent succeeds, from an empty store and beside rows", paragraph: "4.9"
    ) { check in
      let store = try check.open()
      try store.delete("c", .text("b"))
      try check.expectEmpty(store)
      let rows = Rows(texts: ["a", "bb", "c"])
      try check.fill(store, rows, category: "c")
      try store.delete("c", .text("b"))
      try check.expectEveryRead(store, "c", rows.list)
    },
    ConformanceCheck("point.delete-twice", "Deleting a row a second time succeeds", paragraph: "4.9") { check in
      let store = try check.open(Rows(texts: ["a", "b"]))
      try store.delete("c", .text("b"))
      try store.delete("c", .text("b"))
      try check.expectEveryRead(store, "c", Rows(texts: ["a"]).list)
    },
    ConformanceCheck(
      "point.delete-last-row", "Deleting the only row leaves an empty store that takes rows again", paragraph: "4.9"
    ) { check in
      let store = try check.open(Rows(texts: ["a"]))
      try store.delete("c", .text("a"))
      try check.expectEmpty(store)
      try check.fill(store, Rows(texts: ["a", "b"]), category: "c")
      try check.expectEveryRead(store, "c", Rows(texts: ["a", "b"]).list)
    },
    ConformanceCheck(
      "point.delete-is-exact", "A delete spares the row's prefixes, continuations and neighbours", paragraph: "4.9"
    ) { check in
      let rows = Rows(texts: ["", "b", "bb", "bb\0", "bba", "bc", "c"])
      let store = try check.open(rows)
      try store.delete("c", .text("bb"))
      try check.expectEveryRead(store, "c", rows.filter { $0 != .text("bb") })
    },
    ConformanceCheck(
      "point.put-delete-put", "At each step of put, delete, put, delete a get shows what that step made",
      paragraph: "4.9"
    ) { check in
      let store = try check.open()
      let key = Key.text("key")
      try store.put("c", key, [1])
      try check.expectPayload(try store.getOne(category: "c", key: key), [1], "the payload after the put")
      try store.delete("c", key)
      try check.expectPayload(try store.getOne(category: "c", key: key), nil, "the payload after the delete")
      try store.put("c", key, [2])
      try check.expectPayload(try store.getOne(category: "c", key: key), [2], "the payload after the second put")
      try check.expectEveryRead(store, "c", [KvRow(key: key, payload: [2])])
      try store.delete("c", key)
      try check.expectPayload(try store.getOne(category: "c", key: key), nil, "the payload after the second delete")
    },
    ConformanceCheck(
      "point.delete-half", "After deleting every other one of 500 rows the rest are whole and the gone are gone",
      paragraph: "4.9"
    ) { check in
      let rows = Rows((0..<500).map { .text("row \($0)") })
      let store = try check.open(rows)
      let gone = rows.list.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      try store.applyOps(gone.map { .delete(category: "c", key: $0.key) })
      try check.expectNoneOf(store, "c", gone)
      try check.expectEachRow(store, "c", rows.without(gone))
      try check.expectEveryRead(store, "c", rows.without(gone))
    },

    // MARK: deleteOne
    ConformanceCheck("point.delete-one-hit", "deleteOne of a row answers true", paragraph: "4.9") { check in
      let store = try check.open(Rows(texts: ["a", "b"]))
      try check.expect(try store.deleteOne(category: "c", key: .text("b")), "deleteOne of a row answered false")
    },
    ConformanceCheck(
      "point.delete-one-miss", "deleteOne of an absent key answers false and changes nothing", paragraph: "4.9"
    ) { check in
      let store = try check.open()
      try check.expect(try !store.deleteOne(category: "c", key: .text("b")), "answered true in an empty store")
      let rows = Rows(texts: ["a", "bb", "c"])
      try check.fill(store, rows, category: "c")
      for text in ["", "b", "bbb", "bb\0", "d"] {
        try check.expect(try !store.deleteOne(category: "c", key: .text(text)), "answered true for “\(text)”")
      }
      try check.expectEveryRead(store, "c", rows.list)
    },
    ConformanceCheck(
      "point.delete-one-removes", "deleteOne removes the row from every read, and no other row", paragraph: "4.9"
    ) { check in
      let rows = Rows(texts: ["", "b", "bb", "bb\0", "bba", "c"])
      let store = try check.open(rows)
      try check.expect(try store.deleteOne(category: "c", key: .text("bb")), "deleteOne of a row answered false")
      try check.expectNoneOf(store, "c", rows.filter { $0 == .text("bb") })
      try check.expectEveryRead(store, "c", rows.filter { $0 != .text("bb") })
    },
    ConformanceCheck(
      "point.delete-one-follows-the-row",
      "deleteOne answers by the row's state: true, false again, and true after a new put",
      paragraph: "4.9"
    ) { check in
      let store = try check.open(Rows(texts: ["a"]))
      var answers: [Bool] = []
      answers.append(try store.deleteOne(category: "c", key: .text("a")))
      answers.append(try store.deleteOne(category: "c", key: .text("a")))
      try store.put("c", .text("a"), [1])
      answers.append(try store.deleteOne(category: "c", key: .text("a")))
      try store.put("c", .text("a"), [1])
      try store.delete("c", .text("a"))
      answers.append(try store.deleteOne(category: "c", key: .text("a")))
      try check.expectEqual(answers, [true, false, true, false], "what deleteOne answered")
    },
    ConformanceCheck(
      "point.delete-one-empty-payload", "deleteOne of a row with an empty payload answers true", paragraph: "4.9"
    ) { check in
      let store = try check.open()
      try store.put("c", .text("a"), [])
      try check.expect(try store.deleteOne(category: "c", key: .text("a")), "answered false for an empty payload")
      try check.expectEmpty(store)
    },
    ConformanceCheck(
      "point.delete-one-only-its-category", "deleteOne answers for its own category alone", paragraph: "4.9"
    ) { check in
      let store = try check.open(Rows(texts: ["a"]), category: "other")
      try check.expect(try !store.deleteOne(category: "c", key: .text("a")), "answered true for another category's row")
      try check.expectEveryRead(store, "other", Rows(texts: ["a"]).list)
    },
  ]
}
