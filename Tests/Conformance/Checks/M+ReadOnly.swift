import PersistencyCore

extension ConformanceCheck {
  private static let unlessPersistent: @Sendable (BackendFixture) -> String? = {
    $0.capabilities.persistent ? nil : "not persistent: a store opened for reading only has nothing to read"
  }

  /// M: a store opened for reading only.
  static let readOnly: [ConformanceCheck] =
    ContractCall.writes.map { call in
      ConformanceCheck(
        "read-only.\(call.name)", "On a store opened for reading only \(call.name) throws `.unsupported`",
        paragraph: "5", tier: .persistent
      ) { check in
        let writer = try check.open([.set("k", "v"), .set("l", "w", in: "d")])
        writer.close()
        let store = try check.open(StoreOptions(access: .readOnly))
        let before = try store.everything()
        try check.expectError(.unsupported, call.name) { _ = try call.run(store, .init()) }
        try check.expectStore(store, before, "the store after the refusal")
        store.close()
        if check.fixture.capabilities.persistent {
          try check.expectStore(try check.open(), ["k=v", "d/l=w"], "the store, opened for writing again")
        }
      }
    }
    + ContractCall.reads.filter { $0.name != "expect" }.map { call in
      ConformanceCheck(
        "read-only.\(call.name)", "On a store opened for reading only \(call.name) reads as on any other",
        paragraph: "5", tier: .persistent, unless: unlessPersistent
      ) { check in
        let rows: [TxOp] = [.set("k", "v"), .set("", "e"), .set("kk", ""), .set("k", "w", in: "d")]
        let writer = try check.open(rows)
        let wanted = try call.run(writer, .init())
        writer.close()
        let store = try check.open(StoreOptions(access: .readOnly))
        try check.expectEqual(try call.run(store, .init()), wanted, call.name)
      }
    } + [
      ConformanceCheck(
        "read-only.each-batch-of-a-group", "On a store opened for reading only each batch of a group is `.unsupported`",
        paragraph: "5", tier: .persistent
      ) { check in
        try check.open([.set("k", "v")]).close()
        let store = try check.open(StoreOptions(access: .readOnly))
        let batches: [[TxOp]] = [[.set("a", "1")], [.remove("k")], [.clear()]]
        try check.expectEqual(
          store.applyGroup(batches, sync: false).outcomes, ["unsupported", "unsupported", "unsupported"], "the outcomes"
        )
      },
      ConformanceCheck(
        "read-only.inside-visit", "A visitor of a store opened for reading only may read, and not write",
        paragraph: "4.8", tier: .persistent, unless: unlessPersistent
      ) { check in
        try check.open([.set("k", "v"), .set("l", "w")]).close()
        let store = try check.open(StoreOptions(access: .readOnly))
        try check.concurrently(1) { _ in
          var seen = 0
          try store.visit(category: "c") { _, _ in
            seen += 1
            try check.expectEqual(try store.text("l"), "w", "the row read inside")
            try check.expectError(.unsupported) { try store.applyOps([.set("m", "1")]) }
            return .next
          }
          try check.expectEqual(seen, 2, "the rows visited")
        }
        try check.expectStore(store, ["k=v", "l=w"])
      },
      ConformanceCheck(
        "read-only.then-writable", "A store read, closed and opened for writing takes writes again", paragraph: "5",
        tier: .persistent, unless: unlessPersistent
      ) { check in
        try check.open([.set("a", "1")]).close()
        for round in 0..<3 {
          let reader = try check.open(StoreOptions(access: .readOnly))
          try check.expectEqual(try reader.texts().count, round + 1, "the rows read")
          reader.close()
          let writer = try check.open()
          try writer.applyOps([.set("b\(round)", "1")])
          writer.close()
        }
      },
      ConformanceCheck(
        "read-only.missing-is-refused", "Opening for reading only what must exist and does not is `.corrupted`",
        paragraph: "4.14", unless: unlessPersistent
      ) { check in
        try check.expectError(.corrupted, "the open") {
          _ = try check.open(StoreOptions(access: .readOnly, mustExist: true))
        }
        try check.expectEqual(try check.names(in: check.directory), [], "the files made")
      },
      ConformanceCheck(
        "read-only.locks-too", "A store open for reading only is not opened a second time in this process either",
        paragraph: "4.14", tier: .persistent, unless: unlessPersistent
      ) { check in
        try check.open([.set("a", "1")]).close()
        let reader = try check.open(StoreOptions(access: .readOnly))
        for access in StoreAccess.allCases {
          try check.expectError(.locked, "the second open") { _ = try check.open(StoreOptions(access: access)) }
        }
        try check.expectStore(reader, ["a=1"])
      },
    ]
}
