import PersistencyCore

extension ConformanceCheck {
  /// I: writes made from inside a visit, and what the visit goes on seeing.
  static let views: [ConformanceCheck] =
    interleavings
    + [
      ConformanceCheck(
        "view.all-keeps-its-state", "A visit of the whole store goes on seeing its state, whatever its visitor writes",
        paragraph: "4.8"
      ) { check in
        let store = try check.open(
          ["a", "b", "c"].flatMap { name in rowsOfView.map { TxOp.set($0, "old", in: name) } })
        let before = try store.everything()
        try check.concurrently(1) { _ in
          var seen: [String] = []
          try store.visitEverything { category, key, payload in
            let name = String(decoding: [UInt8](copying: category), as: UTF8.self)
            let row = KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain
            seen.append(name == "c" ? row : "\(name)/\(row)")
            if seen.count == 4 {
              // Ahead and behind, in this category and in others, one of them new.
              try store.applyOps([
                .clear(in: "c"), .set("k1", "new", in: "a"), .remove("k5", in: "a"), .set("k6", "new", in: "b"),
                .set("k45", "new", in: "a"), .set("n", "new", in: "bb"), .set("n", "new", in: ""),
              ])
            }
            return .next
          }
          try check.expectEqual(seen, before, "what the visit saw")
        }
        try check.expect(try store.everything() != before, "the writes of the visitor are not there")
      },
      ConformanceCheck(
        "view.lent-bytes-stay",
        "The bytes lent to a visitor stay as they are while it overwrites and deletes their row",
        paragraph: "4.8"
      ) { check in
        let store = try check.open(rowsOfView.map { .set($0, "payload of \($0)") })
        try check.concurrently(1) { _ in
          var count = 0
          try store.visit(category: "c") { key, payload in
            let row = KvRow(key: Key(copying: key), payload: [UInt8](copying: payload))
            try store.applyOps([.set(row.key.plain, "something else entirely, and longer")])
            _ = try store.deleteOne(category: "c", key: row.key)
            try store.applyOps((0..<200).map { .set("filler \($0)", row.key.plain) })
            let after = KvRow(key: Key(copying: key), payload: [UInt8](copying: payload))
            try check.expectEqual(after, row, "the row lent")
            count += 1
            return .next
          }
          try check.expectEqual(count, rowsOfView.count, "the number of rows visited")
        }
      },
      ConformanceCheck(
        "view.deletes-every-row", "A visitor may delete each row it is given: all are visited once, and none is left",
        paragraph: "4.8"
      ) { check in
        for reverse in [false, true] {
          let keys = (0..<60).map { numbered($0) }
          let store = try check.open(keys.map { .set($0, "1") })
          defer { store.close() }
          try check.concurrently(1) { _ in
            var seen: [String] = []
            try store.visit(category: "c", reverse: reverse) { key, _ in
              seen.append(Key(copying: key).plain)
              try store.applyOps([.remove(seen[seen.count - 1])])
              return .next
            }
            try check.expectEqual(seen, reverse ? keys.reversed() : keys, "the keys visited")
          }
          try check.expectStore(store, [])
        }
      },
      ConformanceCheck(
        "view.feeding-visit-ends", "A visitor that puts a row ahead of each row it is given is not given those",
        paragraph: "4.8"
      ) { check in
        for reverse in [false, true] {
          let store = try check.open((0..<40).map { .set(numbered($0), "1") })
          defer { store.close() }
          try check.concurrently(1) { _ in
            var count = 0
            try store.visit(category: "c", reverse: reverse) { key, _ in
              count += 1
              let key = Key(copying: key).plain
              try store.applyOps([.set(reverse ? "-" + key : key + "+", "fed")])
              return count > 1_000 ? .stop : .next
            }
            try check.expectEqual(count, 40, "the number of rows visited")
          }
          try check.expectEqual(try store.countRange(category: "c", range: .all), 80, "the rows after the visit")
          try store.applyOps([.clear()])
        }
      },
      ConformanceCheck(
        "view.failed-batch-inside", "A batch that fails inside a visitor leaves the visit and the store as they were",
        paragraph: "4.8"
      ) { check in
        let store = try check.open(rowsOfView.map { .set($0, "1") })
        let before = try store.everything()
        try check.concurrently(1) { _ in
          var seen: [String] = []
          try store.visit(category: "c") { key, payload in
            try check.expectError(.conflict) { try store.applyOps([.clear(), .set("x", "1"), .require("no", "x")]) }
            seen.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain)
            return .next
          }
          try check.expectEqual(seen, before, "what the visit saw")
        }
        try check.expectStore(store, before)
      },
    ]

  static let rowsOfView = ["k1", "k2", "k3", "k4", "k5", "k6", "k7"]

  private struct Interleaving: Sendable {
    let name: String
    let rule: String
    let ops: [TxOp]
  }

  /// Applied by the visitor of "k1" to "k7" when it stands at "k4", in both directions.
  private static let interleavings: [ConformanceCheck] = [
    Interleaving(
      name: "delete-ahead", rule: "A visit still gives a row that its visitor deletes ahead of it",
      ops: [.remove("k5"), .remove("k3")]),
    Interleaving(
      name: "delete-current", rule: "A visitor may delete the row it stands at, and the visit goes on",
      ops: [.remove("k4")]),
    Interleaving(
      name: "overwrite", rule: "A visit gives the old payloads of rows that its visitor overwrites",
      ops: rowsOfView.map { .set($0, "a new and longer payload") }),
    Interleaving(
      name: "insert", rule: "A visit does not give the rows that its visitor inserts ahead of it and behind",
      ops: [.set("k35", "new"), .set("k45", "new"), .set("k", "new"), .set("l", "new"), .set("k4\0", "new")]),
    Interleaving(
      name: "insert-at-the-ends", rule: "A visit ends where its state ends, though its visitor appends at both ends",
      ops: [.set("", "new"), .set("k7\0", "new"), .set("zzz", "new")]),
    Interleaving(
      name: "delete-and-insert-again", rule: "A visit gives once a row that its visitor deletes and puts again",
      ops: [.remove("k5"), .set("k5", "new"), .remove("k3"), .set("k3", "new")]),
    Interleaving(
      name: "clear", rule: "A visit gives all its rows though its visitor deletes the whole category", ops: [.clear()]),
    Interleaving(
      name: "clear-ahead", rule: "A visit gives the rows of a range that its visitor deletes around it",
      ops: [.clear("k2", "k4"), .clear("k5", "k7")]),
    Interleaving(
      name: "clear-and-refill", rule: "A visit gives its own rows though its visitor replaces the category by another",
      ops: [.clear()] + (0..<100).map { .set("k\($0)x", "new") }),
    Interleaving(
      name: "other-category", rule: "A visit is not disturbed by its visitor's writes to the categories beside its own",
      ops: [.set("k4", "new", in: "b"), .set("k5", "new", in: "cc"), .clear(in: "d"), .set("k1", "new", in: "")]),
    Interleaving(
      name: "many-batches", rule: "A visit keeps its state over thirty batches of its visitor", ops: []),
  ].map { interleaving in
    ConformanceCheck("view.\(interleaving.name)", interleaving.rule, paragraph: "4.8") { check in
      for reverse in [false, true] {
        let store = try check.open(rowsOfView.map { .set($0, "old") } + [.set("k1", "old", in: "d")])
        let before = try store.texts(reverse: reverse)
        try check.expectEqual(before.count, rowsOfView.count, "the rows before the visit")
        let batches =
          interleaving.ops.isEmpty
          ? (0..<30).map { [TxOp.set("k\($0 % 9)", "\($0)"), .clear("k2", "k6"), .set("new \($0)", "1")] }
          : [interleaving.ops]
        let model = ReferenceBackend(limits: check.fixture.limits)
        try model.applyOps(rowsOfView.map { .set($0, "old") } + [.set("k1", "old", in: "d")])
        for batch in batches { try model.applyOps(batch) }
        // On a thread of its own: a deadlock then fails the check by name.
        try check.concurrently(1) { _ in
          var seen: [String] = []
          try store.visit(category: "c", reverse: reverse) { key, payload in
            seen.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain)
            if seen.count == 4 { for batch in batches { try store.applyOps(batch) } }
            return seen.count > 100 ? .stop : .next
          }
          try check.expectEqual(seen, before, reverse ? "what the reverse visit saw" : "what the visit saw")
        }
        try check.expectStore(store, try model.everything(), "the store after the visit")
        try store.applyOps(try store.categories().map { .clear(in: $0) })
        store.close()
      }
    }
  }
}
