import PersistencyCore

extension ConformanceCheck {
  /// M: every call at every limit it knows, and one byte over.
  static let limits: [ConformanceCheck] =
    ContractCall.all.filter { $0.takes.contains(.category) }.map { call in
      limitCheck(call, "category", "a category") { size, arguments in
        arguments.category = String(repeating: "c", count: size)
      } limit: {
        $0.categoryBytes
      }
    }
    + ContractCall.all.filter { $0.takes.contains(.key) }.map { call in
      limitCheck(call, "key", "a key") { size, arguments in
        arguments.key = Key(rawBytes: [UInt8](repeating: 0x6B, count: size))
      } limit: {
        $0.keyBytes
      }
    }
    + ContractCall.all.filter { $0.takes.contains(.bounds) }.flatMap { call in
      [
        limitCheck(call, "start", "a range start") { size, arguments in
          arguments.range = KeyRange(start: Key(rawBytes: [UInt8](repeating: 0x6A, count: size)), stop: nil)
        } limit: {
          $0.keyBytes
        },
        limitCheck(call, "stop", "a range stop") { size, arguments in
          arguments.range = KeyRange(start: Key(), stop: Key(rawBytes: [UInt8](repeating: 0x7A, count: size)))
        } limit: {
          $0.keyBytes
        },
      ]
    }
    + ContractCall.all.filter { $0.takes.contains(.key) }.map { call in
      ConformanceCheck(
        "arguments.\(call.name)-invalid-key",
        "\(call.name) refuses a key that has no form as `.invalidArgument`", paragraph: "3"
      ) { check in
        let store = try check.open([.set("k", "v")])
        var arguments = ContractCall.Arguments()
        arguments.key = Key("fine", String(repeating: "t", count: 65_536))
        try check.expectError(.invalidArgument, call.name) { _ = try call.run(store, arguments) }
        try check.expectStore(store, ["k=v"])
        _ = try call.run(store, .init())
      }
    }
    + ContractCall.all.filter { $0.takes.contains(.bounds) }.map { call in
      ConformanceCheck(
        "arguments.\(call.name)-invalid-bound",
        "\(call.name) refuses a range whose start or stop has no form as `.invalidArgument`", paragraph: "3"
      ) { check in
        let store = try check.open([.set("k", "v")])
        let bad = Key(String(repeating: "t", count: 65_536))
        for range in [
          KeyRange(start: bad, stop: nil), KeyRange(start: Key(), stop: bad), KeyRange(prefix: bad),
          KeyRange(start: bad, stop: bad), KeyRange.all.after(bad), KeyRange.all.before(bad),
        ] {
          var arguments = ContractCall.Arguments()
          arguments.range = range
          try check.expectError(.invalidArgument, "\(call.name) of \(range)") { _ = try call.run(store, arguments) }
        }
        try check.expectStore(store, ["k=v"])
      }
    }

  /// The call at the limit succeeds, and one byte over it is refused with nothing written.
  private static func limitCheck(
    _ call: ContractCall, _ name: String, _ what: String,
    _ set: @escaping @Sendable (_ size: Int, inout ContractCall.Arguments) -> Void,
    limit: @escaping @Sendable (BackendLimits) -> Int
  ) -> ConformanceCheck {
    ConformanceCheck(
      "arguments.\(call.name)-\(name)",
      "\(call.name) takes \(what) of exactly the limit and refuses one byte more as `.invalidArgument`",
      paragraph: "4.10"
    ) { check in
      let size = limit(check.fixture.limits)
      var arguments = ContractCall.Arguments()
      set(size, &arguments)
      // The row that the call is about is there, and so is one that it must leave alone.
      let store = try check.open([
        .put(category: arguments.category, key: arguments.key, payload: arguments.payload), .set("0", "v", in: "0"),
      ])
      _ = try call.run(store, arguments)
      let before = try store.everything()
      var over = ContractCall.Arguments()
      set(size + 1, &over)
      let error = try check.expectError(.invalidArgument, "\(call.name) over the limit") {
        _ = try call.run(store, over)
      }
      try check.expectEqual(error.outcome, .notApplied, "the outcome")
      try check.expectStore(store, before, "the store after the refusal")
      _ = try call.run(store, call.name == "expect" ? arguments : .init())
    }
  }
}
