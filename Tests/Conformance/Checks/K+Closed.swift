import PersistencyCore

extension ConformanceCheck {
  /// K: after close.
  static let closed: [ConformanceCheck] =
    ContractCall.all.map { call in
      ConformanceCheck("closed.\(call.name)", "After close \(call.name) throws `.closed`", paragraph: "4.11") { check in
        let store = try check.open([.set("k", "v")])
        _ = try call.run(store, .init())
        store.close()
        try check.expectError(.closed, call.name) { _ = try call.run(store, .init()) }
        try check.expectError(.closed, "\(call.name), asked again") { _ = try call.run(store, .init()) }
      }
    } + [
      ConformanceCheck(
        "closed.empty-batch", "After close an empty batch throws `.closed` too, though it would do nothing",
        paragraph: "4.11"
      ) { check in
        let store = try check.open([.set("k", "v")])
        store.close()
        try check.expectError(.closed) { try store.applyOps([]) }
      },
      ConformanceCheck(
        "closed.each-batch-of-a-group", "After close each batch of a group has the outcome `.closed`", paragraph: "4.11"
      ) { check in
        let store = try check.open([.set("k", "v")])
        store.close()
        let batches: [[TxOp]] = [[.set("a", "1")], [], [.require("k", "v")]]
        for sync in [false, true] {
          try check.expectEqual(
            store.applyGroup(batches, sync: sync).outcomes, ["closed", "closed", "closed"], "the outcomes")
        }
      },
      ConformanceCheck(
        "closed.empty-range-and-limit-nought", "After close a scan that would be empty throws `.closed` too",
        paragraph: "4.11"
      ) { check in
        let store = try check.open([.set("k", "v")])
        store.close()
        try check.expectError(.closed, "a scan with limit 0") {
          _ = try store.scanRange(category: "c", range: .all, reverse: false, limit: 0)
        }
        try check.expectError(.closed, "a scan of an empty range") {
          _ = try store.scanRange(category: "c", range: KeyRange(plain: "b", "a"), reverse: true, limit: nil)
        }
        try check.expectError(.closed, "a count of an empty range") {
          _ = try store.countRange(category: "c", range: KeyRange(plain: "b", "a"))
        }
      },
      ConformanceCheck(
        "closed.visitor-is-not-called", "After close a visit throws before it calls its visitor", paragraph: "4.11"
      ) { check in
        let store = try check.open([.set("k", "v")])
        store.close()
        var calls = 0
        try check.expectError(.closed) {
          try store.visit(category: "c") { _, _ in
            calls += 1
            return .next
          }
        }
        try check.expectError(.closed) {
          try store.visitEverything { _, _, _ in
            calls += 1
            return .next
          }
        }
        try check.expectEqual(calls, 0, "the calls of the visitor")
      },
      ConformanceCheck("closed.limits-stay", "A closed store still tells its limits", paragraph: "4.11") { check in
        let store = try check.open()
        let limits = store.limits
        store.close()
        try check.expectEqual(store.limits, limits, "the limits")
      },
      ConformanceCheck("closed.twice", "Closing twice, or a hundred times, is closing once", paragraph: "4.11") {
        check in
        let store = try check.open([.set("k", "v")])
        try check.concurrently(1) { _ in for _ in 0..<100 { store.close() } }
        try check.expectError(.closed) { _ = try store.text("k") }
      },
      ConformanceCheck(
        "closed.from-many-threads", "Many threads may close at once; each returns when the store is closed",
        paragraph: "4.11"
      ) { check in
        for round in 0..<10 {
          let store = try check.open([.set("k", "\(round)")])
          let gathering = Gathering(6)
          try check.concurrently(6) { _ in
            try gathering.arrive()
            store.close()
            try check.expectError(.closed) { _ = try store.text("k") }
          }
        }
      },
    ]
    + Capabilities.Maintenance.allCases.map { kind in
      ConformanceCheck(
        "closed.\(kind.rawValue)", "After close \(kind.rawValue) throws `.closed`", paragraph: "4.11",
        unless: { $0.capabilities.maintenance.contains(kind) ? nil : "\(kind.rawValue) is not declared" }
      ) { check in
        let store = try check.open([.set("k", "v")])
        guard let maintenance = store as? any KvMaintenance else {
          throw check.failure("declares \(kind.rawValue), but is no KvMaintenance")
        }
        store.close()
        try check.expectError(.closed, kind.rawValue) {
          switch kind {
          case .sizeOnDisk: _ = try maintenance.sizeOnDisk()
          case .check: try maintenance.check { _ in }
          case .reclaim: _ = try maintenance.reclaim(budget: .milliseconds(10))
          case .backup: try maintenance.backup(to: check.directory + "/copy")
          }
        }
        try check.expect(
          !(try check.names(in: check.directory).contains("copy")), "a backup was made of a closed store")
      }
    }
}
