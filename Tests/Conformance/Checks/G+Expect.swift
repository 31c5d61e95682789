import PersistencyCore

extension ConformanceCheck {
  /// G: one precondition against what is stored.
  static let expectations: [ConformanceCheck] =
    [
      expectOutcome("expect.absent-holds", "Expecting absence holds where no row is", .require("no", nil), holds: true),
      expectOutcome(
        "expect.absent-fails", "Expecting absence of a row that is there is a conflict", .require("a", nil),
        holds: false),
      expectOutcome(
        "expect.payload-holds", "Expecting a payload holds where exactly it is stored", .require("a", "1"), holds: true),
      expectOutcome(
        "expect.other-payload", "Expecting a payload that differs in one byte is a conflict", .require("long", "12344"),
        holds: false),
      expectOutcome(
        "expect.shorter-payload", "Expecting the beginning of the stored payload is a conflict",
        .require("long", "1234"), holds: false),
      expectOutcome(
        "expect.longer-payload", "Expecting the stored payload and more is a conflict", .require("long", "123456"),
        holds: false),
      expectOutcome(
        "expect.present-but-missing", "Expecting a payload where no row is is a conflict", .require("no", "1"),
        holds: false),
      expectOutcome(
        "expect.empty-payload-holds", "Expecting an empty payload holds where an empty payload is stored",
        .require("empty", ""), holds: true),
      expectOutcome(
        "expect.empty-payload-of-missing", "Expecting an empty payload where no row is is a conflict",
        .require("no", ""), holds: false),
      expectOutcome(
        "expect.absent-but-empty", "Expecting absence of a row with an empty payload is a conflict",
        .require("empty", nil), holds: false),
      expectOutcome(
        "expect.empty-but-full", "Expecting an empty payload of a row with a full one is a conflict", .require("a", ""),
        holds: false),
      expectOutcome(
        "expect.empty-key", "Expecting absence of the empty key holds beside other keys", .require("", nil), holds: true
      ),
      expectOutcome(
        "expect.own-category", "An expect looks into its own category alone", .require("a", nil, in: "d"), holds: true),
      expectOutcome(
        "expect.prefix-of-a-key", "Expecting absence of a key that only begins another one holds", .require("lon", nil),
        holds: true),
      ConformanceCheck(
        "expect.binary-payload", "An expect compares every byte of a payload, 0x00 and 0xFF as others", paragraph: "4.4"
      ) { check in
        let store = try check.open()
        let payload: [UInt8] = [0, 0xFF, 0x80, 0, 0x7F]
        let key = Key(rawBytes: [0, 0xFF])
        try store.applyOps([.put(category: "c", key: key, payload: payload)])
        try store.applyOps([.expect(category: "c", key: key, payload: payload)])
        for place in payload.indices {
          var other = payload
          other[place] ^= 0x80
          try check.expectRefused(store, .conflict, [.set("x", "1"), .expect(category: "c", key: key, payload: other)])
        }
      },
      ConformanceCheck(
        "expect.big-payload", "An expect of a mebibyte notices its last byte", paragraph: "4.4"
      ) { check in
        let store = try check.open()
        var payload = [UInt8](repeating: 7, count: min(1 << 20, check.fixture.limits.payloadBytes))
        let key = Key(plain: "k")
        try store.applyOps([.put(category: "c", key: key, payload: payload)])
        try store.applyOps([.expect(category: "c", key: key, payload: payload), .set("held", "1")])
        payload[payload.count - 1] = 8
        try check.expectError(.conflict) {
          try store.applyOps([.expect(category: "c", key: key, payload: payload), .set("failed", "1")])
        }
        try check.expectEqual(try store.text("held"), "1")
        try check.expectEqual(try store.text("failed"), nil)
      },
      ConformanceCheck(
        "expect.alone-writes-nothing", "A batch of expects alone changes nothing, whether they hold or not",
        paragraph: "4.4"
      ) { check in
        let store = try check.open([.set("a", "1")])
        try store.applyOps([.require("a", "1"), .require("b", nil), .require("b", nil, in: "other")])
        try check.expectStore(store, ["a=1"])
        try check.expectEqual(try store.categories(), ["c"], "the categories")
        try check.expectRefused(store, .conflict, [.require("a", "1"), .require("b", "1")])
      },
      ConformanceCheck(
        "expect.thousand-hold", "A thousand expects that hold let their batch pass", paragraph: "4.4"
      ) { check in
        let store = try check.open((0..<500).map { .set(numbered($0), "\($0)") })
        let expects: [TxOp] = (0..<1_000).map { .require(numbered($0), $0 < 500 ? "\($0)" : nil) }
        try store.applyOps(expects + [.clear(), .set("done", "1")])
        try check.expectStore(store, ["done=1"])
      },
      ConformanceCheck(
        "expect.one-of-thousand-fails", "One failing expect among a thousand that hold refuses the batch",
        paragraph: "4.4"
      ) { check in
        let store = try check.open((0..<500).map { .set(numbered($0), "\($0)") })
        let expects: [TxOp] = (0..<1_000).map { .require(numbered($0), $0 < 500 ? "\($0)" : nil) }
        for place in [0, 499, 500, 999] {
          var ops = expects + [.clear()]
          ops[place] = .require(numbered(place), "wrong")
          try check.expectError(.conflict, "the batch with a wrong expect \(place)") { try store.applyOps(ops) }
          try check.expectEqual(try store.countRange(category: "c", range: .all), 500, "the count")
        }
      },
      ConformanceCheck(
        "expect.conflict-may-be-retried", "A conflict says that nothing was applied and that a retry may succeed",
        paragraph: "4.4"
      ) { check in
        let store = try check.open([.set("a", "1")])
        let error = try check.expectError(.conflict) { try store.applyOps([.require("a", "2"), .set("b", "1")]) }
        try check.expect(error.isRetryable, "the conflict is not retryable")
        try store.applyOps([.set("a", "2")])
        try store.applyOps([.require("a", "2"), .set("b", "1")])
        try check.expectStore(store, ["a=2", "b=1"])
      },
    ]
    + ["first", "middle", "last"].enumerated().map { place, name in
      ConformanceCheck(
        "expect.fails-\(name)", "A failing expect that stands \(name) in its batch undoes all of it", paragraph: "4.4"
      ) { check in
        let store = try check.open([.set("a", "1"), .set("b", "2", in: "d")])
        var ops: [TxOp] = [.set("a", "x"), .remove("b", in: "d"), .clear(), .set("n", "x", in: "e")]
        ops.insert(.require("never", "there"), at: [0, 2, 4][place])
        try check.expectRefused(store, .conflict, ops)
      }
    }

  /// One expect against "a=1", "empty=" and "long=12345", with a put before and after it.
  private static func expectOutcome(_ id: String, _ rule: String, _ op: TxOp, holds: Bool) -> ConformanceCheck {
    ConformanceCheck(id, rule, paragraph: "4.4") { check in
      let store = try check.open([.set("a", "1"), .set("empty", ""), .set("long", "12345")])
      let ops: [TxOp] = [.set("x", "before"), op, .set("y", "after")]
      if holds {
        try store.applyOps(ops)
        try check.expectStore(store, ["a=1", "empty=", "long=12345", "x=before", "y=after"])
      } else {
        try check.expectRefused(store, .conflict, ops)
      }
    }
  }
}
