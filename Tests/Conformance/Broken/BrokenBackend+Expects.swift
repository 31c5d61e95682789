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

  /// Groups whose batches meddle with one another.
  static let groups: [BrokenBackend] = [
    BrokenBackend("group.failure-poisons", "One failed batch fails its whole group.") { calls, store in
      calls.applyGroup = { batches in
        let merged = Result { () throws(PersistencyError) in try store.applyOps(batches.flatMap { $0 }) }
        return batches.map { _ in merged }
      }
    },
    BrokenBackend("group.later-fail-too", "The batches after a failed one are not applied.") { calls, store in
      calls.applyGroup = { batches in
        var failure: PersistencyError?
        return batches.map { batch in
          if let failure { return .failure(failure) }
          let result = Result { () throws(PersistencyError) in try store.applyOps(batch) }
          if case .failure(let error) = result { failure = error }
          return result
        }
      }
    },
    BrokenBackend("group.outcomes-shifted", "Each outcome of a group is that of its neighbour.") { calls, store in
      calls.applyGroup = { batches in
        let results = batches.map { batch in
          Result { () throws(PersistencyError) in try store.applyOps(batch) }
        }
        return Array(results.suffix(1) + results.dropLast())
      }
    },
    BrokenBackend("group.reversed", "The batches of a group are applied last first.") { calls, store in
      calls.applyGroup = { batches in
        batches.reversed().map { batch in
          Result { () throws(PersistencyError) in try store.applyOps(batch) }
        }.reversed()
      }
    },
    BrokenBackend("group.failure-hidden", "A failed batch of a group is reported as written.") { calls, store in
      calls.applyGroup = { batches in
        batches.map { batch in
          let result = Result { () throws(PersistencyError) in try store.applyOps(batch) }
          if case .failure(let error) = result, error.kind == .closed || error.kind == .unsupported { return result }
          return .success(())
        }
      }
    },
    BrokenBackend("group.expects-before-all", "The expects of a group all read the state before it.") { calls, store in
      calls.applyGroup = { batches in
        let asked = batches.map { batch in
          Result { () throws(PersistencyError) in
            try store.applyOps(batch.filter { if case .expect = $0 { true } else { false } })
          }
        }
        return zip(batches, asked).map { batch, answer in
          guard case .success = answer else { return answer }
          return Result { () throws(PersistencyError) in
            try store.applyOps(batch.filter { if case .expect = $0 { false } else { true } })
          }
        }
      }
    },
    BrokenBackend("group.empty-left-out", "An empty batch of a group gets no outcome.") { calls, store in
      calls.applyGroup = { batches in
        batches.filter { !$0.isEmpty }.map { batch in
          Result { () throws(PersistencyError) in try store.applyOps(batch) }
        }
      }
    },
    BrokenBackend("group.failed-leaves-a-trace", "The first step of a failed batch in a group stays.") { calls, store in
      calls.applyGroup = { batches in
        batches.map { batch in
          let result = Result { () throws(PersistencyError) in try store.applyOps(batch) }
          if case .failure = result, batches.count > 1, let first = batch.first {
            _ = Result { () throws(PersistencyError) in try store.applyOps([first]) }
          }
          return result
        }
      }
    },
  ]
}
