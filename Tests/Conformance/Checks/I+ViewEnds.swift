import PersistencyCore

extension ConformanceCheck {
  /// I: how visits end: early, by an error, by close.
  static let viewEnds: [ConformanceCheck] = [
    ConformanceCheck("view.stop", "A visit ends at once when its visitor says stop", paragraph: "4.8") { check in
      let store = try check.open((0..<100).map { .set(numbered($0), "1") })
      for reverse in [false, true] {
        for wanted in [1, 2, 50, 100] {
          var keys: [String] = []
          try store.visit(category: "c", reverse: reverse) { key, _ in
            keys.append(Key(copying: key).plain)
            return keys.count == wanted ? .stop : .next
          }
          let all = (0..<100).map { numbered($0) }
          try check.expectEqual(keys, Array((reverse ? all.reversed() : all).prefix(wanted)), "the keys visited")
        }
      }
    },
    ConformanceCheck(
      "view.stop-in-all", "A visit of the whole store ends at once at stop, the next category included",
      paragraph: "4.8"
    ) { check in
      let store = try check.open((0..<5).flatMap { n in ["a", "b", "c"].map { .set("k\(n)", "1", in: $0) } })
      for wanted in [1, 4, 5, 6, 10, 15] {
        var count = 0
        try store.visitEverything { _, _, _ in
          count += 1
          return count == wanted ? .stop : .next
        }
        try check.expectEqual(count, wanted, "the rows visited")
      }
    },
    ConformanceCheck(
      "view.stop-frees", "A thousand visits stopped early leave room for writes and further visits", paragraph: "4.8"
    ) { check in
      let store = try check.open((0..<10).map { .set(numbered($0), "1") })
      var rows = 0
      for round in 0..<1_000 {
        try store.visit(category: "c", reverse: round % 2 == 0) { _, _ in
          rows += 1
          return .stop
        }
        if round % 100 == 0 { try store.applyOps([.set("last", "\(round)")]) }
      }
      try check.expectEqual(rows, 1_000, "the rows visited")
      try check.expectEqual(try store.text("last"), "900", "the row written between the visits")
    },
    ConformanceCheck(
      "view.throw-comes-out", "What a visitor throws comes out of the visit as it was thrown", paragraph: "4.8"
    ) { check in
      let store = try check.open((0..<5).map { .set("k\($0)", "1") })
      let thrown = PersistencyError(.timeout, "thrown by the visitor", backendCode: 77, outcome: .unknown)
      var calls = 0
      for visit in ["range", "all"] {
        let error = try check.expectError(.timeout, "the visit of \(visit)") {
          if visit == "all" {
            try store.visitAll { _, _, _ throws(PersistencyError) in
              calls += 1
              throw thrown
            }
          } else {
            try store.visitRange(category: "c", range: .all, reverse: false) { _, _ throws(PersistencyError) in
              calls += 1
              throw thrown
            }
          }
        }
        try check.expectEqual(error, thrown, "the error")
      }
      try check.expectEqual(calls, 2, "the calls of the visitor")
    },
    ConformanceCheck(
      "view.foreign-throw-comes-out", "An error of the caller's own type comes out of a visit too", paragraph: "4.8"
    ) { check in
      struct Mine: Error, Equatable { let row: String }
      let store = try check.open([.set("a", "1"), .set("b", "1")])
      for wanted in ["a", "b"] {
        do {
          try store.visit(category: "c") { key, _ in
            if Key(copying: key).plain == wanted { throw Mine(row: wanted) }
            return .next
          }
          throw check.failure("the visit ended without the visitor's error")
        } catch let error as Mine {
          try check.expectEqual(error, Mine(row: wanted), "the error")
        }
      }
    },
    ConformanceCheck(
      "view.throw-frees", "A thousand visits ended by an error leave room for writes and further visits",
      paragraph: "4.8"
    ) { check in
      let store = try check.open((0..<10).map { .set(numbered($0), "1") })
      for round in 0..<1_000 {
        try check.expectError(.cancelled) {
          try store.visitRange(category: "c", range: .all, reverse: round % 2 == 0) {
            _, _ throws(PersistencyError) in
            throw PersistencyError(.cancelled, "enough")
          }
        }
        if round % 100 == 0 { try store.applyOps([.set("last", "\(round)")]) }
      }
      try check.expectEqual(try store.text("last"), "900", "the row written between the visits")
    },
    ConformanceCheck(
      "view.throw-in-nested-frees", "An error thrown through eight nested visits frees them all", paragraph: "4.8"
    ) { check in
      let store = try check.open([.set("a", "1"), .set("b", "1")])
      func descend(_ depth: Int) throws {
        try store.visit(category: "c") { _, _ in
          if depth == 8 { throw PersistencyError(.cancelled, "from the innermost") }
          try descend(depth + 1)
          return .next
        }
      }
      for round in 0..<40 {
        try check.expectError(.cancelled) { try descend(1) }
        try store.applyOps([.set("b", "\(round)")])
      }
      try check.expectStore(store, ["a=1", "b=39"])
    },
    ConformanceCheck(
      "view.throw-keeps-writes", "What a visitor wrote stays when it then throws or stops: a visit is no transaction",
      paragraph: "4.8"
    ) { check in
      let store = try check.open([.set("a", "1")])
      try check.expectError(.cancelled) {
        try store.visit(category: "c") { _, _ in
          try store.applyOps([.set("thrown", "1")])
          throw PersistencyError(.cancelled, "enough")
        }
      }
      try store.visit(category: "c") { _, _ in
        try store.applyOps([.set("stopped", "1")])
        return .stop
      }
      try check.expectStore(store, ["a=1", "stopped=1", "thrown=1"])
    },
    ConformanceCheck(
      "view.many-in-turn", "Two thousand visits one after the other use up nothing", paragraph: "4.12"
    ) { check in
      let store = try check.open([.set("a", "1"), .set("b", "2", in: "d")])
      var rows = 0
      for _ in 0..<1_000 {
        try store.visit(category: "c") { _, _ in
          rows += 1
          return .next
        }
        try store.visitEverything { _, _, _ in
          rows += 1
          return .next
        }
      }
      try check.expectEqual(rows, 3_000, "the rows visited")
    },
  ]
}
