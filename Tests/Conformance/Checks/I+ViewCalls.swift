import PersistencyCore

extension ConformanceCheck {
  /// I: every call from inside a visitor does there what it does outside.
  static let viewCalls: [ConformanceCheck] = ContractCall.all.map { call in
    ConformanceCheck(
      "view.calls-\(call.name)", "A visitor may call \(call.name), which sees the newest state", paragraph: "4.8"
    ) { check in
      let first: [TxOp] = (0..<6).map { .set("k\($0)", "v") } + [.set("k", "v"), .set("k", "v", in: "d")]
      let store = try check.open(first)
      let model = ReferenceBackend(limits: check.fixture.limits)
      try model.applyOps(first)
      try check.concurrently(1) { _ in
        var visited = 0
        func visitor() throws -> Visit {
          // Something new each time, so that a call that sees the visit's old state gives itself away; the row of
          // the call's own arguments is there for it every time.
          let news: [TxOp] = [
            .set("new\(visited)", "\(visited)"), .remove("k\(visited)"), .set("k", "v"),
            .set("x", "1", in: "category \(visited)"),
          ]
          try store.applyOps(news)
          try model.applyOps(news)
          let wanted = try call.run(model, ContractCall.Arguments())
          try check.expectEqual(try call.run(store, ContractCall.Arguments()), wanted, "\(call.name) inside")
          visited += 1
          return .next
        }
        try store.visit(category: "c") { _, _ in try visitor() }
        try check.expectEqual(visited, 7, "the rows visited by visitRange")
        let rows = try model.everything().count
        try store.visitEverything { _, _, _ in try visitor() }
        try check.expectEqual(visited, 7 + rows, "the rows visited by visitRange and visitAll")
      }
      try check.expectStore(store, try model.everything(), "the store after the visits")
    }
  }
}
