import Dispatch
import PersistencyCore
import Synchronization

extension BrokenBackend {
  /// Jobs on a sound backend that are wrong themselves: what the checks must notice through a job.
  static let facades: [BrokenBackend] = [
    ofJobs("facade.batch-torn", "A job commits a batch op by op.") { calls, store in
      calls.applyOps = { ops throws(PersistencyError) in for op in ops { try store.applyOps([op]) } }
    },
    ofJobs("facade.group-reordered", "A job commits what is queued last first.") { calls, store in
      calls.applyGroup = { store.applyGroup($0.reversed(), sync: false).reversed() }
    },
    ofJobs("facade.group-fails-together", "One failed batch fails all that were merged with it.") { calls, store in
      calls.applyGroup = { batches in
        let all = Result { () throws(PersistencyError) in try store.applyOps(Array(batches.joined())) }
        return batches.map { _ in all }
      }
    },
    ofJobs("facade.puts-lost", "A job whose queue is full drops a write and says nothing.") { calls, store in
      let writes = Shared(0)
      calls.applyOps = { ops throws(PersistencyError) in
        let number = writes.withLock { writes in
          writes += 1
          return writes
        }
        if number % 40 != 0 { try store.applyOps(ops) }
      }
    },
    ofJobs("facade.expect-answered-early", "An acknowledged write returns before its commit.") { calls, store in
      let queue = DispatchQueue(label: "early")
      let (limits, close) = (store.limits, calls.close)
      calls.applyOps = { ops throws(PersistencyError) in
        _ = try limits.check(ops)
        queue.async { try? store.applyOps(ops) }
      }
      calls.close = {
        queue.sync {}
        close()
      }
    },
    ofJobs("facade.batch-deletes-first", "A delete overtakes the puts that were queued before it.") { calls, _ in
      calls.mapOps { ops in
        let deletes = ops.filter { if case .delete = $0 { true } else { false } }
        return deletes + ops.filter { if case .delete = $0 { false } else { true } }
      }
    },
    ofJobs("facade.closed-answers", "A job answers after it was closed.") { calls, _ in calls.close = {} },
    ofJobs("facade.point-empty-is-missing", "A job takes an empty payload for a missing one.") { calls, store in
      calls.getOne = { category, key throws(PersistencyError) in
        try store.getOne(category: category, key: key).flatMap { $0.isEmpty ? nil : $0 }
      }
    },
    ofJobs("facade.expect-failure-swallowed", "A job keeps a conflict to itself.") { calls, store in
      calls.applyOps = { ops throws(PersistencyError) in
        do throws(PersistencyError) {
          try store.applyOps(ops)
        } catch {
          guard error.kind == .conflict else { throw error }
        }
      }
    },
  ]

  private static func ofJobs(
    _ name: String, _ breaks: String,
    _ tamper: @escaping @Sendable (_ calls: inout BackendCalls, _ store: any KvBackend) -> Void
  ) -> BrokenBackend {
    BrokenBackend(
      name, breaks, fixture: tampered(name, tamper), control: tampered("untampered job") { _, _ in })
  }

  private static func tampered(
    _ name: String, _ tamper: @escaping @Sendable (_ calls: inout BackendCalls, _ store: any KvBackend) -> Void
  ) -> BackendFixture {
    BackendFixture.reference.throughJob(named: name) { store in
      var calls = BackendCalls(job: store)
      tamper(&calls, store)
      return TamperedBackend(calls)
    }
  }
}
