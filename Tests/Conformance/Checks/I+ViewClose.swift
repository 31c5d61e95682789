import PersistencyCore

extension ConformanceCheck {
  /// I: close from inside a visit.
  static let viewClose: [ConformanceCheck] =
    [false, true].map { reverse in
      ConformanceCheck(
        "view.close-inside" + (reverse ? "-reverse" : ""),
        "A \(reverse ? "reverse " : "")visit whose visitor closes the store throws `.closed` at its next row",
        paragraph: "4.8"
      ) { check in
        let store = try check.open(rowsOfView.map { .set($0, "1") })
        try check.concurrently(1) { _ in
          var seen = 0
          try check.expectError(.closed, "the visit") {
            try store.visit(category: "c", reverse: reverse) { _, _ in
              seen += 1
              if seen == 3 { store.close() }
              return .next
            }
          }
          try check.expectEqual(seen, 3, "the rows visited")
          try check.expectError(.closed, "a get after it") { _ = try store.text("k1") }
        }
      }
    } + [
      ConformanceCheck(
        "view.close-inside-all", "A visit of the whole store whose visitor closes it throws `.closed` at its next row",
        paragraph: "4.8"
      ) { check in
        // Once within a category, once where the next row is in another one.
        for (place, last) in [(2, 3), (3, 3)] {
          let store = try check.open(["a", "b"].flatMap { name in (1...last).map { .set("k\($0)", "1", in: name) } })
          try check.concurrently(1) { _ in
            var seen = 0
            try check.expectError(.closed, "the visit") {
              try store.visitEverything { _, _, _ in
                seen += 1
                if seen == place { store.close() }
                return .next
              }
            }
            try check.expectEqual(seen, place, "the rows visited")
          }
        }
      },
      ConformanceCheck(
        "view.close-inside-stops-calls", "After a close inside a visitor its further calls throw `.closed` at once",
        paragraph: "4.8"
      ) { check in
        let store = try check.open([.set("k", "v"), .set("l", "v")])
        try check.concurrently(1) { _ in
          var seen = 0
          try store.visit(category: "c") { _, _ in
            seen += 1
            store.close()
            store.close()
            for call in ContractCall.all {
              try check.expectError(.closed, "\(call.name) inside") { _ = try call.run(store, .init()) }
            }
            return .stop
          }
          try check.expectEqual(seen, 1, "the rows visited")
        }
      },
      ConformanceCheck(
        "view.close-inside-keeps-bytes", "The bytes lent to a visitor stay readable after it closed the store",
        paragraph: "4.8"
      ) { check in
        let payload = [UInt8](repeating: 0x42, count: 100_000)
        let store = try check.open([.put(category: "c", key: Key(plain: "k"), payload: payload)])
        try check.concurrently(1) { _ in
          var sizes: [Int] = []
          try store.visit(category: "c") { key, bytes in
            store.close()
            sizes.append([UInt8](copying: bytes) == payload ? bytes.byteCount : -1)
            return .stop
          }
          try check.expectEqual(sizes, [payload.count], "the bytes after close")
        }
      },
      ConformanceCheck(
        "view.close-inside-nested", "A close in the innermost of nested visits ends each of them with `.closed`",
        paragraph: "4.8"
      ) { check in
        let store = try check.open(rowsOfView.map { .set($0, "1") })
        try check.concurrently(1) { _ in
          var ended = 0
          func descend(_ depth: Int) throws {
            var seen = 0
            try check.expectError(.closed, "visit \(depth)") {
              try store.visit(category: "c") { _, _ in
                seen += 1
                if depth == 4 { store.close() } else { try descend(depth + 1) }
                return .next
              }
            }
            try check.expectEqual(seen, 1, "the rows of visit \(depth)")
            ended += 1
          }
          try descend(1)
          try check.expectEqual(ended, 4, "the visits ended")
        }
      },
      ConformanceCheck(
        "view.close-inside-frees", "A store closed from inside a visit is free once that visit ended", paragraph: "4.8",
        tier: .persistent, unless: { $0.capabilities.persistent ? nil : "not persistent: no file to hold" }
      ) { check in
        try check.concurrently(1) { _ in
          for round in 0..<5 {
            let store = try check.open()
            try store.applyOps([.set("a", "\(round)"), .set("b", "\(round)")])
            try check.expectError(.closed, "the visit") {
              try store.visit(category: "c") { _, _ in
                store.close()
                return .next
              }
            }
          }
          let store = try check.open()
          try check.expectStore(store, ["a=4", "b=4"], "the reopened store")
        }
      },
      ConformanceCheck(
        "view.close-inside-keeps-writes", "What a visitor wrote before it closed the store is there after reopening",
        paragraph: "4.8", tier: .persistent,
        unless: { $0.capabilities.persistent ? nil : "not persistent: nothing outlives close" }
      ) { check in
        try check.concurrently(1) { _ in
          let store = try check.open([.set("a", "1"), .set("b", "1")])
          try check.expectError(.closed) {
            try store.visit(category: "c") { _, _ in
              try store.applyOps([.set("written", "inside")])
              store.close()
              return .next
            }
          }
          try check.expectEqual(try check.open().text("written"), "inside", "the row after reopening")
        }
      },
    ]
}
