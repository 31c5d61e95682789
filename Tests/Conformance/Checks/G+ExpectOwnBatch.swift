import PersistencyCore

extension ConformanceCheck {
  /// G: an expect sees what its batch did before it, on top of the batches before it in the group.
  static let expectationsOfOwnBatch: [ConformanceCheck] =
    [
      sees("own-put", "An expect sees its batch's earlier put", [.set("n", "1")], key: "n", payload: "1"),
      sees(
        "own-overwrite", "An expect sees its batch's overwrite, not the stored row", [.set("a", "2")], key: "a",
        payload: "2"),
      sees(
        "last-own-put", "Of two earlier puts an expect sees the later", [.set("a", "2"), .set("a", "3")], key: "a",
        payload: "3"),
      sees(
        "own-empty-put", "An expect tells its batch's empty put from a missing row", [.set("a", "")], key: "a",
        payload: ""),
      sees("own-delete", "An expect sees its batch's delete of a stored row", [.remove("a")], key: "a", payload: nil),
      sees(
        "own-put-and-delete", "An expect sees that its batch deleted what it had put", [.set("n", "1"), .remove("n")],
        key: "n", payload: nil),
      sees(
        "own-range-over-stored", "An expect sees its batch's delete-range over a stored row", [.clear("a", "b")],
        key: "a", payload: nil),
      sees(
        "own-range-over-put", "An expect sees a delete-range over its batch's own put",
        [.set("n", "1"), .clear("m", "o")], key: "n", payload: nil),
      sees(
        "own-put-after-range", "An expect sees the put that followed its batch's delete-range",
        [.clear(), .set("a", "2")], key: "a", payload: "2"),
      sees(
        "own-range-elsewhere", "An expect sees a stored row that its batch's delete-range ends just before",
        [.clear("", "a")], key: "a", payload: "1"),
      sees(
        "own-range-from-successor", "An expect sees a stored row that its batch's delete-range begins just after",
        [.clear("a\0", nil)], key: "a", payload: "1"),
      sees(
        "own-prefix", "An expect sees its batch's delete-prefix",
        [.set("ab", "2"), .deletePrefix(category: "c", prefix: Key(plain: "a"))], key: "ab", payload: nil),
      sees(
        "own-unbounded-range", "An expect sees its batch's delete-range without a stop",
        [.set("zz", "2"), .clear("b")], key: "zz", payload: nil),
      sees(
        "own-put-in-other-category", "An expect is blind to its batch's put of the key in another category",
        [.set("n", "1", in: "d")], key: "n", payload: nil),
      sees(
        "own-range-in-other-category", "An expect is blind to its batch's delete-range of another category",
        [.clear(in: "d")], key: "a", payload: "1"),
      ConformanceCheck(
        "expect.sees-own-steps-in-order", "Expects between the ops of a batch each see the state at their place",
        paragraph: "4.4"
      ) { check in
        let store = try check.open([.set("a", "0")])
        try store.applyOps([
          .require("a", "0"), .set("a", "1"), .require("a", "1"), .remove("a"), .require("a", nil), .set("a", "2"),
          .set("b", "2"), .clear("a", "b"), .require("a", nil), .require("b", "2"), .set("a", "3"), .require("a", "3"),
        ])
        try check.expectStore(store, ["a=3", "b=2"])
      },
    ]
    + [
      after("put", "An expect sees the put of an earlier batch of its group", [.set("n", "1")], .require("n", "1")),
      after(
        "overwrite", "An expect sees what an earlier batch of its group wrote over", [.set("a", "2")],
        .require("a", "2")),
      after("delete", "An expect sees the delete of an earlier batch of its group", [.remove("a")], .require("a", nil)),
      after(
        "range", "An expect sees the delete-range of an earlier batch of its group", [.clear("a", "b")],
        .require("a", nil)),
      after(
        "put-and-range", "An expect sees an earlier batch's put taken by that batch's delete-range",
        [.set("a", "2"), .clear("a", "b")], .require("a", nil)),
      after(
        "range-and-put", "An expect sees an earlier batch's put behind that batch's delete-range",
        [.clear(), .set("n", "1")], .require("n", "1")),
      ConformanceCheck(
        "expect.blind-to-failed-batch", "An expect sees nothing of a batch of its group that failed", paragraph: "4.4"
      ) { check in
        let store = try check.open([.set("a", "1"), .set("b", "1")])
        let results = store.applyGroup(
          [
            [.set("a", "2"), .set("n", "2"), .clear("b", "c"), .require("no", "x")],
            [.require("a", "1"), .require("n", nil), .require("b", "1"), .set("done", "1")],
          ], sync: false)
        try check.expectEqual(results.outcomes, ["conflict", "ok"], "the outcomes")
        try check.expectStore(store, ["a=1", "b=1", "done=1"])
      },
      ConformanceCheck(
        "expect.range-then-put-across-batches",
        "An expect sees a later batch's put over an earlier batch's delete-range",
        paragraph: "4.4"
      ) { check in
        let store = try check.open([.set("a", "1"), .set("b", "1")])
        let results = store.applyGroup(
          [
            [.clear()], [.set("a", "2")], [.require("a", "2"), .require("b", nil), .set("done", "1")],
            [.require("b", "1")],
          ],
          sync: false)
        try check.expectEqual(results.outcomes, ["ok", "ok", "ok", "conflict"], "the outcomes")
        try check.expectStore(store, ["a=2", "done=1"])
      },
    ]

  /// After `ops` over "a=1" and "d/a=1", the batch sees `payload` at `key`, and nothing else will do.
  private static func sees(
    _ name: String, _ rule: String, _ ops: [TxOp], key: String, payload: String?
  ) -> ConformanceCheck {
    ConformanceCheck("expect.sees-\(name)", rule, paragraph: "4.4") { check in
      let store = try check.open([.set("a", "1"), .set("a", "1", in: "d")])
      for wrong in [nil, "", "1", "2", "3"] where wrong != payload {
        try check.expectRefused(store, .conflict, ops + [.require(key, wrong)])
      }
      try store.applyOps(ops + [.require(key, payload), .set("done", "1", in: "e")])
      try check.expectEqual(try store.text("done", in: "e"), "1", "the put behind the expect")
      try check.expectEqual(try store.text(key), payload, "what the expect saw, after the batch")
    }
  }

  /// `first` is a batch of a group, and `expect` holds in the next one only because of it.
  private static func after(_ name: String, _ rule: String, _ first: [TxOp], _ expect: TxOp) -> ConformanceCheck {
    ConformanceCheck("expect.sees-earlier-batch-\(name)", rule, paragraph: "4.4") { check in
      let store = try check.open([.set("a", "1")])
      try check.expectError(.conflict, "the second batch alone") { try store.applyOps([expect]) }
      let results = store.applyGroup([first, [expect, .set("done", "1", in: "e")]], sync: false)
      try check.expectEqual(results.outcomes, ["ok", "ok"], "the outcomes")
      try check.expectEqual(try store.text("done", in: "e"), "1", "the put behind the expect")
    }
  }
}
