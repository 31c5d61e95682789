import PersistencyCore

extension ConformanceCheck {
  /// Bytes belong to one side: what was returned stays, and what was given may change afterwards.
  static let pointOwnership: [ConformanceCheck] = [
    ConformanceCheck(
      "point.returned-bytes-outlive-writes", "Bytes returned by a get stay when the row is overwritten and deleted",
      paragraph: "4.7"
    ) { check in
      let store = try check.open()
      let size = min(10_000, check.fixture.limits.payloadBytes)
      let first = [UInt8].pattern(size)
      try store.put("c", .text("key"), first)
      let returned = try store.getOne(category: "c", key: .text("key"))
      try store.put("c", .text("key"), .pattern(size, seed: 77))
      try check.expectPayload(returned, first, "the payload returned before the overwrite")
      try store.delete("c", .text("key"))
      try store.put("c", .text("other"), .pattern(size, seed: 99))
      try check.expectPayload(returned, first, "the payload returned before the delete")
    },
    ConformanceCheck(
      "point.returned-rows-outlive-writes", "Rows returned by a scan stay when all of them are overwritten or deleted",
      paragraph: "4.7"
    ) { check in
      let rows = Rows((0..<200).map { .text("row \($0)") })
      let store = try check.open(rows)
      let returned = try store.scanRange(category: "c", range: .all)
      try store.applyOps(
        [.deleteRange(category: "c", range: .texts("row 5", nil))]
          + rows.list.prefix(100).map { .put(category: "c", key: $0.key, payload: [0xEE]) })
      try check.expectRows(returned, rows.list, "the scan returned before the writes")
    },
    ConformanceCheck(
      "point.returned-bytes-outlive-close", "Bytes and rows returned stay after the store is closed", paragraph: "4.11"
    ) { check in
      let rows = Rows((0..<50).map { .text("row \($0)") })
      let store = try check.open(rows)
      let one = try store.getOne(category: "c", key: .text("row 7"))
      let all = try store.scanRange(category: "c", range: .all)
      store.close()
      try check.expectPayload(one, Rows.payload(of: .text("row 7")))
      try check.expectRows(all, rows.list)
    },
    ConformanceCheck(
      "point.changing-returned-bytes", "Changing bytes that a get returned does not change the row", paragraph: "4.7"
    ) { check in
      let store = try check.open(Rows(texts: ["a"]))
      let row = Rows(texts: ["a"]).list
      var returned = try store.getOne(category: "c", key: .text("a")) ?? []
      try check.expectPayload(returned, row.first?.payload)
      for place in returned.indices { returned[place] = 0xEE }
      try check.expectEveryRead(store, "c", row)
      try check.expectEachRow(store, "c", row)
    },
    ConformanceCheck(
      "point.changing-given-bytes", "Changing an array after it was put does not change the row", paragraph: "4.7"
    ) { check in
      let store = try check.open()
      var given = [UInt8].pattern(100)
      try store.put("c", .text("a"), given)
      for place in given.indices { given[place] = 0xEE }
      try store.put("c", .text("b"), given)
      let rows = [
        KvRow(key: .text("a"), payload: .pattern(100)),
        KvRow(key: .text("b"), payload: [UInt8](repeating: 0xEE, count: 100)),
      ]
      try check.expectEveryRead(store, "c", rows)
    },
    ConformanceCheck(
      "point.slices", "Category, key and payload may be cut from the middle of larger ones", paragraph: "4.2"
    ) { check in
      let store = try check.open()
      let bytes = [UInt8].pattern(64)
      let text = "…a category in a text…"
      let category = String(text.dropFirst(3).prefix(8))
      let key = Key(rawBytes: bytes[20..<31])
      try store.put(category, key, Array(bytes[5..<40]))
      let found = try store.getOne(category: "category", key: Key(rawBytes: Array(bytes[20..<31])))
      try check.expectPayload(found, Array(bytes.prefix(40).suffix(35)))
      let range = KeyRange(start: Key(rawBytes: bytes[20..<22]), stop: Key(rawBytes: [bytes[20], bytes[21] &+ 1]))
      try check.expectEqual(try store.scanRange(category: category, range: range).map(\.key), [key], "the keys scanned")
      try check.expect(
        try store.deleteOne(category: category, key: Key(rawBytes: bytes.dropFirst(20).prefix(11))), "gone")
    },
    ConformanceCheck(
      "point.lent-bytes-can-be-copied", "What a visit lends, once copied, stays when the visit goes on and ends",
      paragraph: "4.7"
    ) { check in
      let rows = Rows((0..<300).map { .pattern(3 + $0 % 40, seed: UInt8($0 % 250)) })
      let store = try check.open(rows)
      let forward = try store.visited("c")
      let backward = try store.visited("c", reverse: true)
      try store.deleteRange("c", .all)
      try check.expectRows(forward, rows.list, "the copies")
      try check.expectRows(backward, rows.list.reversed(), "the copies of the reverse visit")
    },
  ]
}
