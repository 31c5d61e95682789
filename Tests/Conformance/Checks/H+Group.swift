import PersistencyCore

extension ConformanceCheck {
  /// H: many batches at once, each with an outcome of its own.
  static let group: [ConformanceCheck] = [
    ConformanceCheck("group.none", "A group of no batches gives no outcomes", paragraph: "4.5") { check in
      let store = try check.open([.set("a", "1")])
      try check.expectEqual(store.applyGroup([], sync: false).outcomes, [])
      try check.expectStore(store, ["a=1"])
    },
    groupOutcome("group.one", "A group of one batch applies it", [[.set("a", "1")]], ["ok"], gives: ["a=1", "z=0"]),
    groupOutcome(
      "group.empty-batch", "An empty batch of a group succeeds and keeps its place among the outcomes",
      [[], [.require("no", "x")], [], [.set("a", "1")]], ["ok", "conflict", "ok", "ok"], gives: ["a=1", "z=0"]),
    groupOutcome(
      "group.invalid-spares-neighbours", "An invalid batch fails alone",
      [[.set("a", "1")], [.set("b", "1"), invalid], [.set("c", "1")]], ["ok", "invalidArgument", "ok"],
      gives: ["a=1", "c=1", "z=0"]),
    groupOutcome(
      "group.conflict-spares-neighbours", "A batch in conflict fails alone",
      [[.set("a", "1")], [.set("b", "1"), .require("z", "9")], [.set("c", "1")]], ["ok", "conflict", "ok"],
      gives: ["a=1", "c=1", "z=0"]),
    groupOutcome(
      "group.invalid-conflict-good", "An invalid, a conflicting and a good batch have three outcomes, in order",
      [[.set("a", "1"), invalid], [.set("b", "1"), .require("z", nil)], [.set("c", "1")]],
      ["invalidArgument", "conflict", "ok"], gives: ["c=1", "z=0"]),
    groupOutcome(
      "group.first-fails", "A failed first batch spoils none of those behind it",
      [[.clear(), .require("z", "0")], [.set("a", "1")], [.set("b", "1")]], ["conflict", "ok", "ok"],
      gives: ["a=1", "b=1", "z=0"]),
    groupOutcome(
      "group.last-fails", "A failed last batch undoes none of those before it",
      [[.set("a", "1")], [.set("b", "1")], [.clear(), .require("z", "0")]], ["ok", "ok", "conflict"],
      gives: ["a=1", "b=1", "z=0"]),
    groupOutcome(
      "group.two-neighbours-fail", "Two failed batches in a row leave what stands around them",
      [[.set("a", "1")], [.remove("a"), .require("no", "x")], [.clear(), .require("no", "x")], [.set("b", "1")]],
      ["ok", "conflict", "conflict", "ok"], gives: ["a=1", "b=1", "z=0"]),
    groupOutcome(
      "group.all-fail", "A group whose batches all fail leaves nothing",
      [[.set("a", "1"), .require("no", "x")], [.set("b", "1"), invalid], [.clear(), .require("no", "y")]],
      ["conflict", "invalidArgument", "conflict"], gives: ["z=0"]),
    groupOutcome(
      "group.order-of-puts", "Of batches that put one key the last one stands",
      [[.set("a", "1")], [.set("a", "2")], [.set("a", "3")]], ["ok", "ok", "ok"], gives: ["a=3", "z=0"]),
    groupOutcome(
      "group.order-of-put-and-delete", "A batch's delete takes an earlier batch's put, and spares a later one's",
      [[.set("a", "1"), .set("b", "1")], [.remove("a"), .remove("b")], [.set("b", "2")]], ["ok", "ok", "ok"],
      gives: ["b=2", "z=0"]),
    groupOutcome(
      "group.order-of-put-and-range", "A batch's delete-range takes earlier batches' puts, and spares later ones'",
      [[.set("a", "1")], [.set("b", "1")], [.clear("a", "c")], [.set("b", "2")]], ["ok", "ok", "ok", "ok"],
      gives: ["b=2", "z=0"]),
    groupOutcome(
      "group.failed-put-is-not-overwritten", "A failed batch's overwrite leaves the earlier batch's payload",
      [[.set("a", "1")], [.set("a", "2"), .require("no", "x")]], ["ok", "conflict"], gives: ["a=1", "z=0"]),
    groupOutcome(
      "group.failed-delete-is-undone", "A failed batch's delete leaves the earlier batch's row",
      [[.set("a", "1")], [.remove("a"), .require("a", "1")]], ["ok", "conflict"], gives: ["a=1", "z=0"]),
    groupOutcome(
      "group.failed-range-is-undone", "A failed batch's delete-range leaves rows of the store and of earlier batches",
      [[.set("a", "1")], [.clear(), .require("z", "0")], [.require("a", "1"), .require("z", "0"), .set("b", "1")]],
      ["ok", "conflict", "ok"], gives: ["a=1", "b=1", "z=0"]),
    groupOutcome(
      "group.failed-batch-then-same-key", "A batch may write the keys that a failed one before it wrote",
      [[.set("a", "1"), .set("b", "1"), .require("no", "x")], [.set("a", "2")]], ["conflict", "ok"],
      gives: ["a=2", "z=0"]),
    groupOutcome(
      "group.dependent-batches", "A chain of batches that each expect the one before all succeed",
      [[.set("a", "1")], [.require("a", "1"), .set("a", "2")], [.require("a", "2"), .set("a", "3")]],
      ["ok", "ok", "ok"], gives: ["a=3", "z=0"]),
    groupOutcome(
      "group.broken-chain", "When one of a chain fails, those that needed it fail and the others stand",
      [
        [.set("a", "1")], [.require("a", "1"), .set("a", "2"), .require("no", "x")],
        [.require("a", "2"), .set("a", "3")], [.require("a", "1"), .set("b", "1")],
      ], ["ok", "conflict", "conflict", "ok"], gives: ["a=1", "b=1", "z=0"]),
    groupOutcome(
      "group.categories", "Batches of one group may write many categories, and fail in one without touching another",
      [
        [.set("a", "1", in: "x")], [.set("a", "1", in: "y"), .clear(in: "x"), .require("z", "9")],
        [.set("b", "1", in: "x")],
      ], ["ok", "conflict", "ok"], gives: ["z=0", "x/a=1", "x/b=1"]),
  ]

  /// A put whose key has no form.
  private static let invalid = TxOp.put(
    category: "c", key: Key(String(repeating: "t", count: 65_536)), payload: [])

  /// A group over "z=0", its outcomes, and the rows after it; then the same with `sync`.
  private static func groupOutcome(
    _ id: String, _ rule: String, _ batches: [[TxOp]], _ outcomes: [String], gives rows: [String]
  ) -> ConformanceCheck {
    ConformanceCheck(id, rule, paragraph: "4.5") { check in
      let store = try check.open([.set("z", "0")])
      let results = store.applyGroup(batches, sync: false)
      try check.expectEqual(results.outcomes, outcomes, "the outcomes")
      try check.expectStore(store, rows)
      for result in results {
        if case .failure(let error) = result { try check.expectEqual(error.outcome, .notApplied, "a batch's outcome") }
      }
    }
  }
}
