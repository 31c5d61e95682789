import PersistencyCore

extension ConformanceCheck {
  /// F: one bad op refuses the whole batch, wherever it stands.
  static let refusedBatches: [ConformanceCheck] =
    badOps.map { bad in
      ConformanceCheck(
        "batch.refused-for-\(bad.name)", "A batch with \(bad.what) in the middle leaves nothing behind",
        paragraph: "4.3"
      ) { check in
        let store = try check.open([.set("a", "1"), .set("b", "2")])
        let op = bad.op(check.fixture.limits)
        let before: [TxOp] = [.set("a", "new"), .set("x", "new", in: "d")]
        let after: [TxOp] = [.remove("b"), .set("y", "new")]
        try check.expectRefused(store, .invalidArgument, before + [op] + after)
        try store.applyOps(before + after)
        try check.expectStore(store, ["a=new", "y=new", "d/x=new"], "the store after the same batch without it")
      }
    }
    + ["first", "last"].map { place in
      ConformanceCheck(
        "batch.refused-for-its-\(place)-op", "A batch whose \(place) op is invalid leaves nothing behind",
        paragraph: "4.3"
      ) { check in
        let store = try check.open([.set("a", "1")])
        let good: [TxOp] = [.set("a", "new"), .set("x", "new", in: "d"), .clear()]
        for bad in badOps {
          let op = bad.op(check.fixture.limits)
          try check.expectRefused(store, .invalidArgument, place == "first" ? [op] + good : good + [op])
        }
        try check.expectStore(store, ["a=1"])
      }
    }

  private struct BadOp: Sendable {
    let name: String
    let what: String
    let op: @Sendable (BackendLimits) -> TxOp
  }

  private static let badOps: [BadOp] = [
    BadOp(name: "a-long-key", what: "a put whose key is over the limit") {
      .put(category: "c", key: longKey($0), payload: [1])
    },
    BadOp(name: "a-long-category", what: "a put whose category is over the limit") {
      .put(category: String(repeating: "c", count: $0.categoryBytes + 1), key: Key(plain: "k"), payload: [1])
    },
    BadOp(name: "a-long-deleted-key", what: "a delete whose key is over the limit") {
      .delete(category: "c", key: longKey($0))
    },
    BadOp(name: "a-long-start", what: "a delete-range whose start is over the limit") {
      .deleteRange(category: "c", range: KeyRange(start: longKey($0), stop: nil))
    },
    BadOp(name: "a-long-stop", what: "a delete-range whose stop is over the limit") {
      .deleteRange(category: "c", range: KeyRange(start: Key(), stop: longKey($0)))
    },
    BadOp(name: "a-long-expected-key", what: "an expect whose key is over the limit") {
      .expect(category: "c", key: longKey($0), payload: nil)
    },
    BadOp(name: "an-invalid-key", what: "a put of a key that has no form") { _ in
      .put(category: "c", key: Key(String(repeating: "t", count: 65_536)), payload: [1])
    },
    BadOp(name: "an-invalid-prefix", what: "a delete-prefix of a key that has no form") { _ in
      .deletePrefix(category: "c", prefix: Key(String(repeating: "t", count: 65_536)))
    },
  ]

  private static func longKey(_ limits: BackendLimits) -> Key {
    Key(rawBytes: [UInt8](repeating: 0x6B, count: limits.keyBytes + 1))
  }
}
