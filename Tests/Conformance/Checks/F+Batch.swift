import PersistencyCore

extension ConformanceCheck {
  /// F: the ops of one batch, in order.
  static let batch: [ConformanceCheck] = [
    ConformanceCheck("batch.empty-does-nothing", "An empty batch succeeds and changes nothing", paragraph: "4.3") {
      check in
      let store = try check.open([.set("a", "1")])
      try store.applyOps([])
      try check.expectStore(store, ["a=1"])
    },
    ConformanceCheck(
      "batch.empty-on-empty-store", "An empty batch on an empty store makes no category", paragraph: "4.3"
    ) { check in
      let store = try check.open([])
      try check.expectEqual(try store.categories(), [])
      try check.expectStore(store, [])
    },
    batchOutcome(
      "batch.put-then-delete", "A delete removes what its batch put before it",
      [.set("a", "1"), .remove("a")], gives: ["z=0"]),
    batchOutcome(
      "batch.delete-then-put", "A put after a delete of the same key in one batch stands",
      on: [.set("a", "old")], [.remove("a"), .set("a", "new")], gives: ["a=new", "z=0"]),
    batchOutcome(
      "batch.put-then-put", "Of two puts of one key in a batch the last stands",
      [.set("a", "1"), .set("a", "2")], gives: ["a=2", "z=0"]),
    batchOutcome(
      "batch.put-delete-put", "Put, delete and put of one key in a batch leave the last put",
      on: [.set("a", "old")], [.set("a", "1"), .remove("a"), .set("a", "2")], gives: ["a=2", "z=0"]),
    batchOutcome(
      "batch.shorter-put-replaces-whole",
      "A shorter payload put over a longer one in the same batch replaces all of it",
      [.set("a", "a long payload"), .set("a", "x"), .set("b", "y"), .set("b", "")], gives: ["a=x", "b=", "z=0"]),
    batchOutcome(
      "batch.delete-absent", "Deleting what is absent, twice in one batch, fails nothing",
      [.remove("no"), .set("a", "1"), .remove("no")], gives: ["a=1", "z=0"]),
    batchOutcome(
      "batch.range-removes-earlier-put", "A delete-range removes an earlier put of the same batch",
      [.set("b", "1"), .clear("a", "c")], gives: ["z=0"]),
    batchOutcome(
      "batch.range-spares-later-put", "A delete-range spares a later put of the same batch",
      [.clear("a", "c"), .set("b", "1")], gives: ["b=1", "z=0"]),
    batchOutcome(
      "batch.put-range-put", "Put, delete-range, put of one key leaves the second put",
      on: [.set("b", "old")], [.set("b", "1"), .clear("a", "c"), .set("b", "2")], gives: ["b=2", "z=0"]),
    batchOutcome(
      "batch.range-removes-stored-and-pending",
      "A delete-range removes stored rows and its batch's own, interleaved as they are",
      on: [.set("b", "s"), .set("d", "s"), .set("f", "s")],
      [.set("a", "p"), .set("c", "p"), .set("e", "p"), .set("g", "p"), .clear("b", "f")],
      gives: ["a=p", "f=s", "g=p", "z=0"]),
    batchOutcome(
      "batch.range-bounds-are-half-open", "In a batch too a delete-range takes its start and leaves its stop",
      [.set("b", "1"), .set("bb", "2"), .set("d", "3"), .set("a", "0"), .clear("b", "d")],
      gives: ["a=0", "d=3", "z=0"]),
    batchOutcome(
      "batch.overlapping-ranges", "Overlapping delete-ranges around puts leave only what came after each",
      [
        .set("a", "1"), .set("c", "1"), .set("e", "1"), .clear("a", "d"), .set("b", "2"), .set("c", "2"),
        .clear("c", "f"), .set("d", "3"),
      ], gives: ["b=2", "d=3", "z=0"]),
    batchOutcome(
      "batch.empty-range-removes-nothing", "A delete-range whose start is at or past its stop removes nothing",
      [.set("a", "1"), .set("b", "2"), .clear("b", "a"), .clear("a", "a")], gives: ["a=1", "b=2", "z=0"]),
    batchOutcome(
      "batch.prefix-between-puts", "A delete-prefix removes the earlier puts below it and no sibling",
      [
        .set("ab", "1"), .set("abc", "1"), .set("ac", "1"), .set("a", "1"),
        .deletePrefix(category: "c", prefix: Key(plain: "ab")), .set("abd", "2"),
      ], gives: ["a=1", "abd=2", "ac=1", "z=0"]),
    batchOutcome(
      "batch.unbounded-range", "A delete-range without stop removes all from its start on, earlier puts included",
      on: [.set("a", "s"), .set("y", "s")], [.set("b", "1"), .set("zz", "1"), .clear("b")], gives: ["a=s"]),
    batchOutcome(
      "batch.delete-after-range", "A delete of a row that a delete-range took already fails nothing",
      on: [.set("a", "s")], [.clear("a", "b"), .remove("a"), .set("b", "1")], gives: ["b=1", "z=0"]),
    batchOutcome(
      "batch.range-of-one-category", "A delete-range leaves the same batch's puts of other categories",
      [.set("a", "1"), .set("a", "2", in: "d"), .clear(), .set("b", "3", in: "")],
      gives: ["/b=3", "d/a=2"]),
    ConformanceCheck(
      "batch.many-categories", "One batch writes a hundred categories, as it does one", paragraph: "4.3"
    ) { check in
      let store = try check.open()
      let names = (0..<100).map { "category \(numbered($0))" }
      try store.applyOps(names.map { .set("k", $0, in: $0) })
      try check.expectEqual(try store.categories(), names, "the categories")
      try check.expectStore(store, names.map { "\($0)/k=\($0)" })
    },
    ConformanceCheck(
      "batch.thousand-steps-on-one-key", "A thousand ops on one key leave what the last of them says", paragraph: "4.3"
    ) { check in
      let store = try check.open([.set("a", "s")])
      try store.applyOps((0..<1_000).map { $0 % 3 == 1 ? .remove("a") : .set("a", "\($0)") })
      try check.expectStore(store, ["a=999"])
      try store.applyOps((0..<1_000).map { $0 % 3 == 0 ? .remove("a") : .set("a", "\($0)") })
      try check.expectStore(store, [], "the store after a last delete")
    },
    ConformanceCheck(
      "batch.clear-and-refill", "A batch that clears a category and refills it leaves exactly the new rows",
      paragraph: "4.3"
    ) { check in
      let store = try check.open((0..<2_000).map { .set(numbered($0), "old") })
      try store.applyOps([.clear()] + (0..<2_000).filter { $0 % 2 == 1 }.map { .set(numbered($0), "new") })
      try check.expectStore(store, (0..<2_000).filter { $0 % 2 == 1 }.map { "\(numbered($0))=new" })
    },
    ConformanceCheck(
      "batch.size-of-payloads", "A batch takes payloads of nothing, one byte and a mebibyte side by side",
      paragraph: "4.3"
    ) { check in
      let store = try check.open()
      let size = min(1 << 20, check.fixture.limits.payloadBytes)
      let big = [UInt8](repeating: 0xA5, count: size)
      try store.applyOps([
        .set("a", ""), .put(category: "c", key: Key(plain: "b"), payload: big), .set("c", "x"),
      ])
      try check.expectEqual(try store.text("a"), "", "the empty payload")
      try check.expectEqual(
        try store.getOne(category: "c", key: Key(plain: "b"))?.count, size, "the big payload's size")
      try check.expectEqual(try store.text("c"), "x", "the small payload")
    },
    ConformanceCheck(
      "batch.arrays-are-the-callers",
      "The arrays of a batch may change after the call without changing what was stored",
      paragraph: "4.3"
    ) { check in
      let store = try check.open()
      var payload = Array("first".utf8)
      var raw = Array("key".utf8)
      var ops: [TxOp] = [.put(category: "c", key: Key(rawBytes: raw), payload: payload)]
      try store.applyOps(ops)
      payload[0] = 0
      raw[0] = 0
      ops[0] = .set("other", "second")
      try check.expectStore(store, ["key=first"])
      try store.applyOps(ops)
      try store.applyOps(ops)
      try check.expectStore(store, ["key=first", "other=second"])
    },
  ]

  /// Applies `ops` over a store of "z=0" and `before`, and expects these rows.
  private static func batchOutcome(
    _ id: String, _ rule: String, on before: [TxOp] = [], _ ops: [TxOp], gives rows: [String]
  ) -> ConformanceCheck {
    ConformanceCheck(id, rule, paragraph: "4.3") { check in
      let store = try check.open([.set("z", "0")] + before)
      try store.applyOps(ops)
      try check.expectStore(store, rows)
      // What reads by key says must agree with what is listed.
      for key in ["a", "b", "c", "d", "e", "f", "g", "z"] {
        let row = rows.first { $0.hasPrefix("\(key)=") }
        try check.expectEqual(try store.text(key).map { "\(key)=\($0)" }, row, "the row of \(key)")
      }
    }
  }
}
