import PersistencyCore

extension BrokenBackend {
  /// Visits that move, cannot be stopped, or stand in the way; and writers that do.
  static let views: [BrokenBackend] = [
    BrokenBackend("view.moves", "A visit sees what is written while it runs.") { calls, store in
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        var rest = range
        while let row = try store.scanRange(category: category, range: rest, reverse: reverse, limit: 1).first {
          if try visit(row.key.bytes.span.bytes, row.payload.span.bytes) == .stop { return }
          rest = reverse ? rest.before(row.key) : rest.after(row.key)
        }
      }
    },
    BrokenBackend("view.fresh-payloads", "A visit has the keys of its state, and the payloads of now.") {
      calls, store in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        try visitRange(category, range, reverse) { key, payload throws(PersistencyError) in
          let now = try store.getOne(category: category, key: Key(copying: key)) ?? [UInt8](copying: payload)
          return try visit(key, now.span.bytes)
        }
      }
    },
    BrokenBackend("view.stop-ignored", "A visit goes on after .stop.") { calls, _ in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        try visitRange(category, range, reverse) { key, payload throws(PersistencyError) in
          _ = try visit(key, payload)
          return .next
        }
      }
      calls.countRange = nil
    },
    BrokenBackend("view.throw-swallowed", "What a visitor throws ends the visit and is lost.") { calls, _ in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        try visitRange(category, range, reverse) { key, payload throws(PersistencyError) in
          do throws(PersistencyError) {
            return try visit(key, payload)
          } catch {
            return .stop
          }
        }
      }
    },
    BrokenBackend("view.throw-reworded", "What a visitor throws comes out as .backend.") { calls, _ in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        try visitRange(category, range, reverse) { key, payload throws(PersistencyError) in
          do throws(PersistencyError) {
            return try visit(key, payload)
          } catch {
            throw PersistencyError(.backend, error.message)
          }
        }
      }
    },
    BrokenBackend("view.outlives-close", "A visit goes on after the store was closed inside it.") { calls, store in
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        for row in try store.scanRange(category: category, range: range, reverse: reverse, limit: nil) {
          if try visit(row.key.bytes.span.bytes, row.payload.span.bytes) == .stop { return }
        }
      }
    },
    BrokenBackend("view.none-nested", "No second visit while one runs.") { calls, _ in calls.limitVisits(to: 1) },
    BrokenBackend("view.four-nested-at-most", "The pool of reader handles is a limit: four visits at once.") {
      calls, _ in
      calls.limitVisits(to: 4)
    },
    BrokenBackend("view.no-reads-inside", "A visitor cannot read.") { calls, _ in
      let (running, getOne) = (calls.countVisits(), calls.getOne)
      calls.getOne = { category, key throws(PersistencyError) in
        if running.withLock({ $0 }) > 0 { throw PersistencyError(.locked, "a visit is running") }
        return try getOne(category, key)
      }
    },
    BrokenBackend("view.feeding-refused", "A visitor cannot write.") { calls, _ in
      let running = calls.countVisits()
      calls.mapOps { ops throws(PersistencyError) in
        if running.withLock({ $0 }) > 0 { throw PersistencyError(.locked, "a visit is running") }
        return ops
      }
    },
    BrokenBackend("view.all-stop-ignored", "visitAll goes on after .stop.") { calls, _ in
      let visitAll = calls.visitAll
      calls.visitAll = { visit throws(PersistencyError) in
        try visitAll { category, key, payload throws(PersistencyError) in
          _ = try visit(category, key, payload)
          return .next
        }
      }
    },
    BrokenBackend("view.all-moves", "visitAll reads each category when it comes to it.") { calls, store in
      calls.visitAll = { visit throws(PersistencyError) in
        for category in try store.categories() {
          var stopped = false
          let name = Array(category.utf8)
          try store.visitRange(category: category, range: .all, reverse: false) {
            key, payload throws(PersistencyError) in
            let wanted = try visit(name.span.bytes, key, payload)
            stopped = wanted == .stop
            return wanted
          }
          if stopped { return }
        }
      }
    },
    BrokenBackend("view.scan-in-pages", "A scan reads page by page, each of another state.") { calls, store in
      calls.scanRange = { category, range, reverse, limit throws(PersistencyError) in
        var rows: [KvRow] = []
        var rest = range
        while true {
          let wanted = min(8, (limit ?? .max) - rows.count)
          let page = try store.scanRange(category: category, range: rest, reverse: reverse, limit: wanted)
          rows += page
          guard let last = page.last, page.count == wanted else { return rows }
          pause()
          rest = reverse ? rest.before(last.key) : rest.after(last.key)
        }
      }
    },
    BrokenBackend("concurrency.torn-put", "A put is seen half-written.") { calls, _ in
      let applyOps = calls.applyOps
      calls.applyOps = { ops throws(PersistencyError) in
        if ops.count == 1, case .put(let category, let key, let payload) = ops[0], payload.count > 16,
          payload.count <= BackendLimits.embedded.payloadBytes
        {
          try applyOps([.put(category: category, key: key, payload: Array(payload.prefix(payload.count / 2)))])
          pause()
        }
        try applyOps(ops)
      }
    },
    BrokenBackend("concurrency.writers-refused", "A writer is refused while another writes.") { calls, _ in
      let applyOps = calls.applyOps
      let writing = Shared(false)
      calls.applyOps = { ops throws(PersistencyError) in
        let first = writing.withLock { writing in
          defer { writing = true }
          return !writing
        }
        guard first else { throw PersistencyError(.locked, "somebody is writing") }
        defer { writing.withLock { $0 = false } }
        pause()
        try applyOps(ops)
      }
    },
  ]
}

extension BackendCalls {
  /// How many visits run, from now on.
  mutating func countVisits() -> Shared<Int> {
    let visitRange = visitRange
    let running = Shared(0)
    self.visitRange = { category, range, reverse, visit throws(PersistencyError) in
      running.withLock { $0 += 1 }
      defer { running.withLock { $0 -= 1 } }
      try visitRange(category, range, reverse, visit)
    }
    return running
  }

  /// Refuses visits beyond a number at once.
  mutating func limitVisits(to limit: Int) {
    let running = countVisits()
    let visitRange = visitRange
    self.visitRange = { category, range, reverse, visit throws(PersistencyError) in
      if running.withLock({ $0 }) >= limit { throw PersistencyError(.locked, "\(limit) visits are running") }
      try visitRange(category, range, reverse, visit)
    }
  }
}
