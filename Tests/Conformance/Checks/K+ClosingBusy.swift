import PersistencyCore

/// More rows than a close needs to come in while a visitor takes ``awaitClose()`` for each: on a busy machine, and through a
/// job that refuses calls before its engine does, that may be late.
private let rowsOfPatience = (0..<2_000).map { TxOp.set("\(1_000 + $0)", "v") }

/// Gives a close on another thread the time to come in before the visit's next row.
private func awaitClose() { _ = Signal().isRaised(within: 10) }

extension ConformanceCheck {
  /// K: close while others are at work.
  static let closingBusy: [ConformanceCheck] = [
    ConformanceCheck(
      "closing.beside-calls", "A close beside reads and writes of other threads lets each finish or throw `.closed`",
      paragraph: "4.11"
    ) { check in
      for round in 0..<5 {
        let store = try check.open([.set("k", "v")])
        let busy = Gathering(7)
        try check.concurrently(7) { index in
          try busy.arrive()
          if index == 0 {
            if round > 0 { _ = try store.countRange(category: "c", range: .all) }
            store.close()
            try check.expectError(.closed) { _ = try store.text("k") }
            return
          }
          // Ends only by `.closed`.
          try check.expectError(.closed, "thread \(index)") {
            for step in 0..<1_000_000 {
              switch index {
              case 1: try store.applyOps([.set("\(step % 50)", "\(step)", in: "w")])
              case 2:
                for result in store.applyGroup([[.set("g", "\(step)", in: "w")]], sync: false) { try result.get() }
              case 3: _ = try store.text("k")
              case 4: _ = try store.texts("w")
              case 5: _ = try store.everything()
              default: _ = try store.deleteOne(category: "w", key: Key(plain: "\(step % 50)"))
              }
            }
          }
        }
      }
    },
    ConformanceCheck(
      "closing.waits-for-visitor", "A close waits for a visitor on another thread, which may finish with its row",
      paragraph: "4.11"
    ) { check in
      let store = try check.open(rowsOfPatience)
      let isInside = Signal()
      let mayLeave = Signal()
      let isClosed = Signal()
      try check.concurrently(3) { index in
        switch index {
        case 0:
          var rows: [String] = []
          try check.expectError(.closed, "the visit") {
            try store.visit(category: "c") { key, payload in
              if !rows.isEmpty { awaitClose() }
              isInside.raise()
              try mayLeave.wait()
              rows.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain)
              return .next
            }
          }
          try check.expectEqual(rows.first, "1000=v", "the row visited, the lent bytes read at last")
        case 1:
          try isInside.wait()
          store.close()
          isClosed.raise()
        default:
          try isInside.wait()
          let isEarly = isClosed.isRaised(within: 150)
          mayLeave.raise()
          try check.expect(!isEarly, "close returned while a visitor was inside")
          try isClosed.wait()
        }
      }
    },
    ConformanceCheck(
      "closing.refuses-while-waiting", "While a close waits for a visitor every new call throws `.closed`",
      paragraph: "4.11"
    ) { check in
      let store = try check.open(rowsOfPatience)
      let isInside = Signal()
      let mayLeave = Signal()
      try check.concurrently(3) { index in
        switch index {
        case 0:
          var seen = 0
          try check.expectError(.closed, "the visit") {
            try store.visit(category: "c") { _, _ in
              if seen > 0 { awaitClose() }
              seen += 1
              isInside.raise()
              try mayLeave.wait()
              try check.expectError(.closed, "a get of the visitor") { _ = try store.text("k") }
              return .next
            }
          }
        case 1:
          try isInside.wait()
          store.close()
        default:
          defer { mayLeave.raise() }
          try isInside.wait()
          // The closing thread takes a moment to come in; from then on nobody else does.
          var isRefused = false
          for _ in 0..<1_000 where !isRefused {
            do throws(PersistencyError) {
              _ = try store.text("k")
            } catch {
              try check.expectEqual(error.kind, .closed, "the kind of the refusal")
              isRefused = true
            }
            if !isRefused { _ = Signal().isRaised(within: 10) }
          }
          try check.expect(isRefused, "a get still worked ten seconds after close was called")
          for call in ContractCall.all {
            try check.expectError(.closed, call.name) { _ = try call.run(store, .init()) }
          }
        }
      }
    },
    ConformanceCheck(
      "closing.both-inside", "Two threads inside visits may both close: neither waits for the other for ever",
      paragraph: "4.11"
    ) { check in
      for _ in 0..<10 {
        let store = try check.open([.set("a", "1"), .set("b", "2")])
        let inside = Gathering(2)
        try check.concurrently(2, within: 30) { _ in
          var isThere = false
          try check.expectError(.closed, "the visit") {
            try store.visit(category: "c") { _, _ in
              // A store that goes on after the close gets here again.
              if !isThere { try inside.arrive() }
              isThere = true
              store.close()
              return .next
            }
          }
        }
      }
    },
    ConformanceCheck(
      "closing.keeps-acknowledged", "What was acknowledged before a close that raced with writers is there afterwards",
      paragraph: "4.11", tier: .persistent,
      unless: { $0.capabilities.persistent ? nil : "not persistent: nothing outlives close" }
    ) { check in
      for round in 0..<4 {
        let store = try check.open()
        let acknowledged = Locked<[String]>([])
        let busy = Signal()
        try check.concurrently(4) { writer in
          if writer == 0 {
            try busy.wait()
            return store.close()
          }
          do throws(PersistencyError) {
            for step in 0..<1_000_000 {
              let key = "\(round).\(writer).\(step)"
              try store.applyOps([.set(key, "1"), .set(key, "2", in: "twin")])
              acknowledged.withLock { $0.append(key) }
              if step == 20 { busy.raise() }
            }
          } catch {
            try check.expectEqual(error.kind, .closed, "the kind of the writer's last error")
            try check.expectEqual(error.outcome, .notApplied, "the outcome of the write refused")
          }
        }
        let reopened = try check.open()
        let rows = Set(try reopened.texts())
        for key in acknowledged.withLock({ $0 }) {
          try check.expect(rows.contains("\(key)=1"), "the acknowledged row \(key) is lost")
        }
        try check.expectEqual(rows.count, try reopened.countRange(category: "twin", range: .all), "halves of batches")
        // A refused write has left nothing: what is there was acknowledged.
        let new = rows.filter { $0.hasPrefix("\(round).") }
        try check.expectEqual(new.count, acknowledged.withLock { $0.count }, "the rows of this round")
        reopened.close()
      }
    },
    ConformanceCheck(
      "closing.last-reference", "A store that nobody refers to any more is closed, and can be opened again",
      paragraph: "4.11", tier: .persistent,
      unless: { $0.capabilities.persistent ? nil : "not persistent: no file to hold" }
    ) { check in
      for round in 0..<5 {
        do {
          let store = try check.fixture.open(check.directory, .init())
          try store.applyOps([.set("a", "\(round)")])
        }
        let store = try check.fixture.open(check.directory, .init())
        defer { store.close() }
        try check.expectStore(store, ["a=\(round)"])
      }
    },
  ]
}
