import PersistencyCore

extension ConformanceCheck {
  /// Visitors that call the store they are lent from.
  static let rangeVisitorCalls: [ConformanceCheck] = [
    ConformanceCheck(
      "range.visitor-gets", "A visitor may get, and ask for existence, of its own row and of others", paragraph: "4.8"
    ) { check in
      let store = try check.open(RangeCase.rows)
      var found: [[UInt8]?] = []
      try store.visit(category: "c") { key, _ in
        found.append(try store.getOne(category: "c", key: Key(copying: key)))
        try check.expect(try store.existsOne(category: "c", key: .text("da")), "another row does not exist")
        try check.expect(try !store.existsOne(category: "c", key: .text("x")), "a missing key exists")
        return .next
      }
      try check.expectEqual(found, RangeCase.rows.list.map(\.payload), "the payloads got while visiting")
    },
    ConformanceCheck(
      "range.visitor-scans", "A visitor may scan, count and list categories, with the answers of any other time",
      paragraph: "4.8"
    ) { check in
      let store = try check.open(RangeCase.rows)
      var calls = 0
      try store.visit(category: "c", reverse: true) { _, _ in
        calls += 1
        let scan = try store.scanRange(category: "c", range: .texts("c", "g"), reverse: true, limit: 2)
        try check.expectRows(scan, [RangeCase.rows.list[4], RangeCase.rows.list[3]], "the scan while visiting")
        try check.expectEqual(try store.countRange(category: "c", range: .all), 7, "the count while visiting")
        try check.expectEqual(try store.categories(), ["c"], "the categories while visiting")
        return .next
      }
      try check.expectEqual(calls, 7, "the number of calls")
    },
    ConformanceCheck(
      "range.visitor-visits", "Visits nest: each row's visitor may visit everything, and the outer visit goes on",
      paragraph: "4.12"
    ) { check in
      let store = try check.open(RangeCase.rows)
      var pairs = 0
      var outer: [Key] = []
      try store.visit(category: "c") { key, _ in
        let own = Key(copying: key)
        outer.append(own)
        let inner = try store.visited("c", reverse: true)
        try check.expectRows(inner, RangeCase.rows.list.reversed(), "the inner visit")
        pairs += try store.visitedAll().count
        try check.expectEqual(Key(copying: key), own, "the lent key after inner visits")
        return .next
      }
      try check.expectEqual(outer, RangeCase.rows.keys, "the keys of the outer visit")
      try check.expectEqual(pairs, 49, "the rows of all inner visits")
    },
    ConformanceCheck(
      "range.visitor-puts", "A visitor may put rows ahead of itself; its visit does not meet them, the next read does",
      paragraph: "4.8"
    ) { check in
      let store = try check.open()
      for (category, reverse) in [("forward", false), ("reverse", true)] {
        try check.fill(store, RangeCase.rows, category: category)
        var seen: [Key] = []
        try store.visit(category: category, reverse: reverse) { key, _ in
          let key = Key(copying: key)
          seen.append(key)
          // One that does meet them would never end.
          if seen.count > RangeCase.rows.count { return .stop }
          // Before and after every row, so that some lie ahead in either direction.
          try store.put(category, Key(rawBytes: key.bytes + [0x7E]), .text("new"))
          try store.put(category, Key(rawBytes: key.bytes + [0, 1]), .text("new"))
          return .next
        }
        let wanted = reverse ? RangeCase.rows.keys.reversed() : RangeCase.rows.keys
        try check.expectEqual(seen, wanted, "the keys of the \(category) visit")
        try check.expectEqual(try store.countRange(category: category, range: .all), 21, "the rows afterwards")
      }
    },
    ConformanceCheck(
      "range.visitor-overwrites", "A visitor may overwrite rows ahead; its visit lends the payloads it began with",
      paragraph: "4.8"
    ) { check in
      let store = try check.open(RangeCase.rows)
      for reverse in [false, true] {
        let before = try store.scanRange(category: "c", range: .all)
        let after = before.map { KvRow(key: $0.key, payload: $0.payload + [reverse ? 1 : 2]) }
        var seen: [KvRow] = []
        try store.visit(category: "c", reverse: reverse) { key, payload in
          if seen.isEmpty { try store.put(after, category: "c") }
          seen.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)))
          return .next
        }
        try check.expectRows(seen, reverse ? before.reversed() : before, "the visit")
        try check.expectEveryRead(store, "c", after, "the rows afterwards")
      }
    },
    ConformanceCheck(
      "range.visitor-deletes",
      "A visitor may delete its own row and those ahead; its visit still lends all it began with",
      paragraph: "4.8"
    ) { check in
      let store = try check.open(RangeCase.rows)
      for reverse in [false, true] {
        try check.fill(store, RangeCase.rows, category: "c")
        let wanted = reverse ? RangeCase.rows.keys.reversed() : RangeCase.rows.keys
        var seen: [Key] = []
        try store.visit(category: "c", reverse: reverse) { key, _ in
          let key = Key(copying: key)
          if seen.isEmpty {
            try check.expect(
              try store.deleteOne(category: "c", key: key), "deleteOne of the row visited answered false")
            try store.delete("c", wanted[1])
            try store.deleteRange("c", .all)
          }
          seen.append(key)
          try check.expect(try !store.existsOne(category: "c", key: key), "a deleted row exists for a new read")
          return .next
        }
        try check.expectEqual(seen, wanted, "the keys visited")
        try check.expectEmpty(store)
      }
    },
    ConformanceCheck(
      "range.visitor-lent-bytes-hold",
      "Bytes lent to a visitor stay as they are until it returns, though it overwrites and deletes that very row",
      paragraph: "4.8"
    ) { check in
      let store = try check.open()
      let sizes = check.clamped([1, 100, 3_000, 20_000], to: check.fixture.limits.payloadBytes)
      for reverse in [false, true] {
        let rows = sizes.map { KvRow(key: Key("row", Int64($0)), payload: .pattern($0)) }
        try store.put(rows, category: "c")
        var calls = 0
        try store.visit(category: "c", reverse: reverse) { key, payload in
          try check.expect(calls < rows.count, "the visitor is called for more rows than there are")
          let row = rows[reverse ? rows.count - 1 - calls : calls]
          calls += 1
          // Enough writes that freed pages would be used again.
          for round in 0..<5 {
            try store.put("c", row.key, [UInt8](repeating: UInt8(round), count: row.payload.count))
            try store.delete("c", row.key)
            try store.put("other \(round)", row.key, [UInt8](repeating: 0xEE, count: row.payload.count))
          }
          try check.expectEqual(Key(copying: key), row.key, "the lent key after the writes")
          try check.expectPayload([UInt8](copying: payload), row.payload, "the lent payload after the writes")
          return .next
        }
        try check.expectEqual(calls, rows.count, "the number of calls")
        try check.expectEveryRead(store, "c", [], "the rows afterwards")
      }
    },
    ConformanceCheck(
      "range.visitor-writes-elsewhere", "A visitor may copy each row into another category as it goes", paragraph: "4.8"
    ) { check in
      let rows = Rows((0..<100).map { .text("row \($0)") })
      let store = try check.open(rows)
      try store.visit(category: "c") { key, payload in
        try store.put("copy", Key(copying: key), [UInt8](copying: payload))
        return .next
      }
      try check.expectEveryRead(store, "copy", rows.list, "the copy")
      try check.expectEveryRead(store, "c", rows.list, "the original")
    },
    ConformanceCheck(
      "range.visitor-conflict", "A batch that fails inside a visitor is the visitor's to handle; the visit goes on",
      paragraph: "4.8"
    ) { check in
      let store = try check.open(RangeCase.rows)
      var conflicts = 0
      try store.visit(category: "c") { key, _ in
        try check.expectError(.conflict, "a batch that expects the row absent") {
          try store.applyOps([
            .deleteRange(category: "other", range: .all), .put(category: "other", key: Key(), payload: [1]),
            .expect(category: "c", key: Key(copying: key), payload: nil),
          ])
        }
        conflicts += 1
        return .next
      }
      try check.expectEqual(conflicts, 7, "the number of conflicts")
      try check.expectEveryRead(store, "other", [])
    },
  ]
}
