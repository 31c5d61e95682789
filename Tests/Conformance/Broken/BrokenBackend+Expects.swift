import Foundation
import PersistencyCore

extension BrokenBackend {
  /// Long enough for another thread to come between.
  static func pause() { Thread.sleep(forTimeInterval: 0.0002) }

  /// Preconditions that are not asked, or asked of another state.
  static let expects: [BrokenBackend] = [
    BrokenBackend("expect.ignored", "Every expect holds.") { calls, _ in
      calls.mapOps { ops in ops.filter { if case .expect = $0 { false } else { true } } }
    },
    BrokenBackend("expect.committed-only", "An expect does not see the earlier steps of its batch.") { calls, _ in
      calls.mapOps { ops in
        ops.filter { if case .expect = $0 { true } else { false } }
          + ops.filter { if case .expect = $0 { false } else { true } }
      }
    },
    BrokenBackend("expect.final-state", "An expect reads the state after its batch.") { calls, _ in
      calls.mapOps { ops in
        ops.filter { if case .expect = $0 { false } else { true } }
          + ops.filter { if case .expect = $0 { true } else { false } }
      }
    },
    BrokenBackend("expect.absent-is-empty", "An expect takes a missing row for an empty payload.") { calls, store in
      calls.mapOps { ops throws(PersistencyError) in
        var mapped: [TxOp] = []
        for op in ops {
          if case .expect(let category, let key, let payload) = op, payload?.isEmpty ?? true {
            let found = try store.getOne(category: category, key: key)
            if found?.isEmpty ?? true { continue }
          }
          mapped.append(op)
        }
        return mapped
      }
    },
    BrokenBackend("expect.presence-only", "An expect is content with any payload.") { calls, store in
      calls.mapOps { ops throws(PersistencyError) in
        var mapped: [TxOp] = []
        for op in ops {
          if case .expect(let category, let key, _?) = op, try store.existsOne(category: category, key: key) {
            continue
          }
          mapped.append(op)
        }
        return mapped
      }
    },
    BrokenBackend("expect.first-only", "Only the first expect of a batch is asked.") { calls, _ in
      calls.mapOps { ops in
        var seen = false
        return ops.filter { op in
          guard case .expect = op else { return true }
          defer { seen = true }
          return !seen
        }
      }
    },
    BrokenBackend("expect.wrong-kind", "A failed expect throws .backend.") { calls, store in
      calls.applyOps = { ops throws(PersistencyError) in
        do throws(PersistencyError) {
          try store.applyOps(ops)
        } catch {
          throw error.kind == .conflict ? PersistencyError(.backend, error.message) : error
        }
      }
    },
    BrokenBackend("expect.two-steps", "An expect is asked first and the batch written later: updates are lost.") {
      calls, store in
      calls.applyOps = { ops throws(PersistencyError) in
        guard ops.contains(where: { if case .expect = $0 { true } else { false } }) else {
          return try store.applyOps(ops)
        }
        try store.applyOps(ops.filter { if case .expect = $0 { true } else { false } })
        pause()
        try store.applyOps(ops.filter { if case .expect = $0 { false } else { true } })
      }
    },
  ]
}
