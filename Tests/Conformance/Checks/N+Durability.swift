import PersistencyCore

extension ConformanceCheck {
  /// N: the levels, as far as a process that closes cleanly can tell them apart.
  static let durability: [ConformanceCheck] =
    Durability.allCases.flatMap { level in
      [
        ConformanceCheck(
          "durability.\(level.rawValue)-keeps-its-rows",
          "A store closed cleanly at level .\(level.rawValue) has all its rows when opened again",
          paragraph: "durability", tier: .persistent, unless: unless(level, mustPersist: true)
        ) { check in
          var rows: [String] = []
          for round in 0..<4 {
            let store = try check.open(StoreOptions(durability: level, mustExist: round > 0))
            try check.expectStore(store, rows, "the store in round \(round)")
            try store.applyOps([.set("a\(round)", "1"), .set("gone", "\(round)")])
            _ = store.applyGroup([[.set("b\(round)", "2")], [.set("no", "1"), .require("no", "x")]], sync: false)
            _ = try store.deleteOne(category: "c", key: Key(plain: "gone"))
            rows = try store.everything()
            try check.expectEqual(rows.count, 2 * (round + 1), "the rows written by round \(round)")
            store.close()
          }
        },
        ConformanceCheck(
          "durability.\(level.rawValue)-keeps-the-contract",
          "At level .\(level.rawValue) batches, preconditions and visits do what they do at any other",
          paragraph: "durability", unless: unless(level, mustPersist: false)
        ) { check in
          let store = try check.open(StoreOptions(durability: level))
          try store.applyOps((0..<300).map { .set(numbered($0), "1") })
          try check.expectRefused(store, .conflict, [.clear(), .require(numbered(5), "1")])
          try check.concurrently(1) { _ in
            var seen = 0
            try store.visit(category: "c") { _, _ in
              seen += 1
              if seen == 1 { try store.applyOps([.clear("000100")]) }
              return .next
            }
            try check.expectEqual(seen, 300, "the rows visited")
          }
          try check.expectEqual(try store.countRange(category: "c", range: .all), 100, "the rows afterwards")
        },
        ConformanceCheck(
          "durability.undeclared-\(level.rawValue)-is-refused",
          "A store whose engine does not declare level .\(level.rawValue) refuses to open at it with `.unsupported`",
          paragraph: "capabilities",
          unless: { $0.capabilities.durability.contains(level) ? ".\(level.rawValue) is declared" : nil }
        ) { check in
          try check.expectError(.unsupported, "the open") { _ = try check.open(StoreOptions(durability: level)) }
          try check.expectEqual(try check.names(in: check.directory), [], "the files made")
        },
      ]
    }
    + [Durability.full, .consistent].map { level in
      ConformanceCheck(
        "durability.synced-group-at-\(level.rawValue)",
        "A group that asks for sync at level .\(level.rawValue) has the outcomes of one that does not",
        paragraph: "durability", unless: unless(level, mustPersist: false)
      ) { check in
        let store = try check.open(StoreOptions(durability: level))
        try store.applyOps([.set("z", "0")])
        for round in 0..<3 {
          let results = store.applyGroup(
            [
              [.set("a", "\(round)")], [], [.clear(), .require("z", "0")], [.require("a", "\(round)"), .set("b", "1")],
              [.put(category: "c", key: Key(String(repeating: "t", count: 65_536)), payload: [])],
            ], sync: true)
          try check.expectEqual(
            results.outcomes, ["ok", "ok", "conflict", "ok", "invalidArgument"], "the outcomes of round \(round)")
          try check.expectStore(store, ["a=\(round)", "b=1", "z=0"])
          try store.applyOps([.set("b", "between")])
        }
        try check.expectEqual(store.applyGroup([], sync: true).outcomes, [], "the outcomes of no batches")
      }
    } + [
      ConformanceCheck(
        "durability.volatile-refuses-sync", "On a `.volatile` store each batch of a synced group is `.invalidArgument`",
        paragraph: "durability", unless: unless(.volatile, mustPersist: false)
      ) { check in
        let store = try check.open(StoreOptions(durability: .volatile))
        try store.applyOps([.set("a", "1")])
        let batches: [[TxOp]] = [[.set("b", "1")], [.clear()], [.require("a", "no")]]
        let results = store.applyGroup(batches, sync: true)
        try check.expectEqual(
          results.outcomes, ["invalidArgument", "invalidArgument", "invalidArgument"], "the outcomes")
        for result in results {
          if case .failure(let error) = result { try check.expectEqual(error.outcome, .notApplied, "the outcome") }
        }
        try check.expectStore(store, ["a=1"])
        try check.expectEqual(
          store.applyGroup(batches, sync: false).outcomes, ["ok", "ok", "conflict"], "without sync")
        try check.expectStore(store, [])
      },
      ConformanceCheck(
        "durability.levels-share-a-store",
        "What was written at one level is read at each other one after a clean close",
        paragraph: "durability", tier: .persistent,
        unless: { $0.capabilities.persistent ? nil : "not persistent: nothing outlives close" }
      ) { check in
        var count = 0
        let levels = Durability.allCases.filter(check.fixture.capabilities.durability.contains)
        // Every ordered pair of levels follows one another somewhere in this walk.
        for first in levels {
          for second in levels {
            for level in [first, second] {
              let store = try check.open(StoreOptions(durability: level))
              try check.expectEqual(try store.texts().count, count, "the rows at .\(level.rawValue)")
              try store.applyOps([.set(numbered(count), level.rawValue)])
              count += 1
              store.close()
            }
          }
        }
        try check.expect(count >= 2, "no level is declared")
      },
      ConformanceCheck(
        "durability.synced-inside-visit", "A visitor may commit a synced group, and its visit keeps its state",
        paragraph: "4.8", unless: unless(.consistent, mustPersist: false)
      ) { check in
        let store = try check.open([.set("a", "1"), .set("b", "1")])
        try check.concurrently(1) { _ in
          var seen: [String] = []
          try store.visit(category: "c") { key, payload in
            seen.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain)
            let batches: [[TxOp]] = [[.set("b", "new")], [.set("n\(seen.count)", "new")]]
            try check.expectEqual(store.applyGroup(batches, sync: true).outcomes, ["ok", "ok"], "the outcomes")
            return .next
          }
          try check.expectEqual(seen, ["a=1", "b=1"], "what the visit saw")
        }
        try check.expectStore(store, ["a=1", "b=new", "n1=new", "n2=new"])
      },
      ConformanceCheck(
        "durability.synced-beside-others", "Synced groups of one thread and plain batches of others all land",
        paragraph: "durability", unless: unless(.consistent, mustPersist: false)
      ) { check in
        let store = try check.open()
        try check.concurrently(3) { thread in
          for round in 0..<20 {
            let op = TxOp.set("\(thread).\(numbered(round))", "1")
            if thread == 0 {
              try check.expectEqual(store.applyGroup([[op]], sync: true).outcomes, ["ok"], "the outcome")
            } else {
              try store.applyOps([op])
            }
          }
        }
        try check.expectEqual(try store.countRange(category: "c", range: .all), 60, "the rows")
      },
    ]

  private static func unless(_ level: Durability, mustPersist: Bool) -> @Sendable (BackendFixture) -> String? {
    { fixture in
      if !fixture.capabilities.durability.contains(level) { return "level .\(level.rawValue) is not declared" }
      return mustPersist && !fixture.capabilities.persistent ? "not persistent: nothing outlives close" : nil
    }
  }
}
