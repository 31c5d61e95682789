import PersistencyCore

extension ConformanceCheck {
  /// M: limits of payloads and batches, and arguments that no limit is about.
  static let arguments: [ConformanceCheck] = [
    ConformanceCheck(
      "arguments.declared-limits", "A store tells the limits that its adapter declares, none above the common ones",
      paragraph: "4.10"
    ) { check in
      let limits = try check.open().limits
      let common = BackendLimits.embedded
      try check.expectEqual(limits, check.fixture.limits, "the limits of the store")
      try check.expect(limits.categoryBytes > 0 && limits.categoryBytes <= common.categoryBytes, "\(limits)")
      try check.expect(limits.keyBytes > 0 && limits.keyBytes <= common.keyBytes, "\(limits)")
      try check.expect(limits.payloadBytes > 0 && limits.payloadBytes <= common.payloadBytes, "\(limits)")
      try check.expect(limits.batchBytes > limits.payloadBytes && limits.batchBytes <= common.batchBytes, "\(limits)")
      try check.expect(limits.batchOps > 0, "\(limits)")
    },
    ConformanceCheck(
      "arguments.batch-over-limit-of-ops", "A batch of more ops than the limit is refused whole, alone or grouped",
      paragraph: "4.10",
      unless: { $0.limits.batchOps > 100_000 ? "it has no limit of ops that a batch comes near" : nil }
    ) { check in
      let limit = check.fixture.limits.batchOps
      let store = try check.open()
      let over: [TxOp] = (0...limit).map { .set(numbered($0), "1") }
      let error = try check.expectError(.invalidArgument) { try store.applyOps(over) }
      let digits = error.message.filter { !",_ ".contains($0) }
      try check.expect(
        digits.contains("\(limit)") && digits.contains("\(limit + 1)"), "the message names not both: \(error.message)")
      let outcomes = store.applyGroup([[.set("a", "1")], over, [.set("b", "1")]], sync: false).outcomes
      try check.expectEqual(outcomes, ["ok", "invalidArgument", "ok"], "the outcomes")
      try check.expectStore(store, ["a=1", "b=1"])
      try store.applyOps(Array(over.dropLast()))
      try check.expectEqual(
        try store.countRange(category: "c", range: .all), limit + 2, "the rows of a batch at the limit")
    },
    ConformanceCheck(
      "arguments.refusal-names-limit-and-size", "A refusal names the limit and the size that is over it, in bytes",
      paragraph: "4.10"
    ) { check in
      let store = try check.open()
      let limits = check.fixture.limits
      for (size, limit, ops) in [
        (
          limits.keyBytes + 7, limits.keyBytes,
          { (size: Int) in
            [TxOp.delete(category: "c", key: Key(rawBytes: [UInt8](repeating: 1, count: size)))]
          }
        ),
        (
          limits.categoryBytes + 7, limits.categoryBytes,
          { (size: Int) in
            [TxOp.delete(category: String(repeating: "c", count: size), key: Key())]
          }
        ),
      ] {
        let error = try check.expectError(.invalidArgument) { try store.applyOps(ops(size)) }
        let digits = error.message.filter { !",_ ".contains($0) }
        try check.expect(
          digits.contains("\(size)") && digits.contains("\(limit)"),
          "the message names not both \(size) and \(limit): \(error.message)")
      }
    },
    ConformanceCheck(
      "arguments.category-counts-bytes", "A category is measured in UTF-8 bytes, not in characters", paragraph: "4.10"
    ) { check in
      let limit = check.fixture.limits.categoryBytes
      let store = try check.open()
      let fits = String(repeating: "é", count: limit / 2) + String(repeating: "x", count: limit % 2)
      try check.expectEqual(fits.utf8.count, limit, "the bytes of the category that fits")
      try store.applyOps([.set("a", "1", in: fits)])
      try check.expectStore(store, ["\(fits)/a=1"])
      let over = String(repeating: "é", count: limit / 2 + 1)
      try check.expect(over.count <= limit, "as many characters as the limit has bytes")
      try check.expectRefused(store, .invalidArgument, [.set("a", "1", in: over)])
      try check.expectError(.invalidArgument) { _ = try store.text("a", in: over) }
    },
    ConformanceCheck(
      "arguments.payload-over-limit", "A payload over the limit is refused in a put and in an expect, alone or grouped",
      paragraph: "4.10", unless: payloadTooBig(600 << 20)
    ) { check in
      let store = try check.open([.set("a", "1")])
      let payload = [UInt8](repeating: 0, count: check.fixture.limits.payloadBytes + 1)
      let key = Key(plain: "a")
      for ops: [TxOp] in [
        [.put(category: "c", key: key, payload: payload)],
        [.set("b", "1"), .expect(category: "c", key: key, payload: payload)],
      ] {
        try check.expectRefused(store, .invalidArgument, ops)
        try check.expectEqual(
          store.applyGroup([ops, [.set("a", "1")]], sync: false).outcomes, ["invalidArgument", "ok"], "the outcomes")
      }
      try check.expectStore(store, ["a=1"])
    },
    ConformanceCheck(
      "arguments.payload-at-limit", "A payload of exactly the limit is stored and read back", paragraph: "4.10",
      unless: payloadTooBig(8 << 20)
    ) { check in
      let store = try check.open()
      let payload = [UInt8](repeating: 0x6D, count: check.fixture.limits.payloadBytes)
      try store.applyOps([.put(category: "c", key: Key(plain: "k"), payload: payload)])
      try check.expect(try store.getOne(category: "c", key: Key(plain: "k")) == payload, "the payload differs")
    },
    overBatch("payloads", "the payloads of its puts together") { limits in
      let payload = [UInt8](repeating: 1, count: min(16 << 20, limits.payloadBytes))
      let count = limits.batchBytes / payload.count + 1
      return (0..<count).map { .put(category: "c", key: Key(plain: numbered($0)), payload: payload) }
    },
    overBatch("expected-payloads", "the payloads of its expects together") { limits in
      let payload = [UInt8](repeating: 1, count: min(16 << 20, limits.payloadBytes))
      return (0...limits.batchBytes / payload.count).map { _ in .expect(category: "c", key: Key(), payload: payload) }
    },
    overBatch("keys", "the keys of its deletes together") { limits in
      let key = Key(rawBytes: [UInt8](repeating: 1, count: limits.keyBytes))
      return (0...limits.batchBytes / limits.keyBytes).map { _ in .delete(category: "c", key: key) }
    },
    overBatch("bounds", "the bounds of its delete-ranges together") { limits in
      let range = KeyRange(
        start: Key(rawBytes: [UInt8](repeating: 1, count: limits.keyBytes)),
        stop: Key(rawBytes: [UInt8](repeating: 2, count: limits.keyBytes)))
      return (0...limits.batchBytes / (2 * limits.keyBytes)).map { _ in .deleteRange(category: "c", range: range) }
    },
    ConformanceCheck(
      "arguments.batch-at-limit", "A batch of exactly the limit applies, and with one byte more it is refused",
      paragraph: "4.10",
      unless: {
        $0.limits.batchBytes > 16 << 20 ? "a batch of \($0.limits.batchBytes) bytes is no matter of seconds" : nil
      }
    ) { check in
      let limits = check.fixture.limits
      let store = try check.open()
      // Each put measures its category (1), its key (6) and its payload.
      let size = min(limits.payloadBytes, limits.batchBytes / 4)
      var ops: [TxOp] = []
      var left = limits.batchBytes
      while left > 7 {
        let count = min(size, left - 7)
        ops.append(
          .put(category: "c", key: Key(plain: numbered(ops.count)), payload: [UInt8](repeating: 1, count: count)))
        left -= count + 7
      }
      ops.append(.delete(category: String(repeating: "c", count: min(left + 1, 7)), key: Key()))
      try check.expectRefused(store, .invalidArgument, ops)
      ops[ops.count - 1] = .delete(category: String(repeating: "c", count: min(left, 7)), key: Key())
      try store.applyOps(ops)
      try check.expectEqual(try store.countRange(category: "c", range: .all), ops.count - 1, "the rows")
    },
    ConformanceCheck(
      "arguments.negative-limit", "A scan with a negative limit is `.invalidArgument`, on an empty range too",
      paragraph: "4.6"
    ) { check in
      let store = try check.open([.set("a", "1")])
      for limit in [-1, -2, Int.min] {
        for range in [KeyRange.all, KeyRange(plain: "b", "a")] {
          for reverse in [false, true] {
            try check.expectError(.invalidArgument, "a scan with limit \(limit)") {
              _ = try store.scanRange(category: "c", range: range, reverse: reverse, limit: limit)
            }
          }
        }
      }
      try check.expectEqual(try store.texts(), ["a=1"], "a scan afterwards")
    },
    ConformanceCheck(
      "arguments.greatest-limit", "A scan with the greatest limit there is gives all rows", paragraph: "4.6"
    ) { check in
      let store = try check.open([.set("a", "1"), .set("b", "2")])
      for limit in [Int.max, Int.max - 1, 1 << 32, 1 << 31] {
        for reverse in [false, true] {
          let rows = try store.scanRange(category: "c", range: .all, reverse: reverse, limit: limit).map(\.plain)
          try check.expectEqual(rows, reverse ? ["b=2", "a=1"] : ["a=1", "b=2"], "the scan with limit \(limit)")
        }
      }
    },
    ConformanceCheck(
      "arguments.refused-visit-calls-nobody", "A visit with a bad argument throws before it calls its visitor",
      paragraph: "4.10"
    ) { check in
      let store = try check.open([.set("a", "1")])
      var calls = 0
      let long = String(repeating: "c", count: check.fixture.limits.categoryBytes + 1)
      try check.expectError(.invalidArgument) {
        try store.visit(category: long) { _, _ in
          calls += 1
          return .next
        }
      }
      try check.expectError(.invalidArgument) {
        let stop = Key(rawBytes: [UInt8](repeating: 0xFF, count: check.fixture.limits.keyBytes + 1))
        try store.visit(category: "c", range: KeyRange(start: Key(), stop: stop)) { _, _ in
          calls += 1
          return .next
        }
      }
      try check.expectEqual(calls, 0, "the calls of the visitor")
    },
    ConformanceCheck(
      "arguments.invalid-key-says-why", "Whatever made a key invalid, writing it is `.invalidArgument` that says why",
      paragraph: "3"
    ) { check in
      let store = try check.open([.set("a", "1")])
      for (name, key) in InvalidParts.keys {
        let reason = key.invalidReason ?? ""
        try check.expect(!reason.isEmpty, "the key with \(name) is valid")
        let error = try check.expectError(.invalidArgument, "the put with \(name)") {
          try store.applyOps([.set("b", "1"), .put(category: "c", key: key, payload: [])])
        }
        try check.expect(error.message.contains(reason), "the error does not say why: \(error)")
      }
      try check.expectStore(store, ["a=1"])
    },
  ]

  private static func payloadTooBig(_ most: Int) -> @Sendable (BackendFixture) -> String? {
    { $0.limits.payloadBytes > most ? "a payload of \($0.limits.payloadBytes) bytes is no matter of seconds" : nil }
  }

  private static func overBatch(
    _ name: String, _ what: String, _ ops: @escaping @Sendable (BackendLimits) -> [TxOp]
  ) -> ConformanceCheck {
    ConformanceCheck(
      "arguments.batch-over-by-\(name)", "A batch is refused when \(what) are over the batch limit", paragraph: "4.10"
    ) { check in
      let store = try check.open([.set("a", "1")])
      try check.expectRefused(store, .invalidArgument, [.set("a", "2"), .set("b", "1")] + ops(check.fixture.limits))
      try store.applyOps([.set("b", "2")])
      try check.expectStore(store, ["a=1", "b=2"])
    }
  }
}

/// Values that have no key form, each for a reason of its own.
enum InvalidParts {
  private struct Holder<Value: Codable & Sendable>: Codable, KeyPart { var value: Value }
  private enum Choice: Codable { case some(Int) }
  private struct Thrower: Codable, KeyPart {
    init() {}
    init(from decoder: any Decoder) throws {}
    func encode(to encoder: any Encoder) throws {
      throw EncodingError.invalidValue(0, .init(codingPath: [], debugDescription: "refuses to be encoded"))
    }
  }

  static var keys: [(String, Key)] {
    [
      ("a text over 65,535 bytes", Key(String(repeating: "é", count: 32_768))),
      ("bytes over 65,535", Key([UInt8](repeating: 0, count: 65_536))),
      ("a dictionary", Key(Holder(value: ["a": 1]))), ("a set", Key(Holder(value: Set([1])))),
      ("an array", Key(Holder(value: [1, 2, 3]))),
      ("an enum with associated values", Key(Holder(value: Choice.some(1)))),
      ("a part whose encoder throws", Key(Thrower())),
      ("an invalid key as its part", Key("a", Key(String(repeating: "t", count: 65_536)))),
    ]
  }
}
