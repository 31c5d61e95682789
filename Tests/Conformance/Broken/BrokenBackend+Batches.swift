import PersistencyCore

extension BrokenBackend {
  /// Batches that are torn, reordered or lose something.
  static let batches: [BrokenBackend] = [
    BrokenBackend("batch.torn", "The steps before a failed expect stay.") { calls, store in
      calls.applyOps = { ops throws(PersistencyError) in
        try store.limits.check(ops)
        try store.applyOps([])
        for op in ops { try store.applyOps([op]) }
      }
    },
    BrokenBackend("batch.limits-checked-late", "A step over a limit is noticed after those before it are written.") {
      calls, store in
      calls.applyOps = { ops throws(PersistencyError) in
        for op in ops {
          do throws(PersistencyError) {
            try store.limits.check([op])
          } catch {
            try store.applyOps(Array(ops.prefix { $0 != op }))
            throw error
          }
        }
        try store.applyOps(ops)
      }
    },
    BrokenBackend("batch.limits-unchecked", "Nothing is too large.") { calls, _ in
      let store = ReferenceBackend(
        limits: BackendLimits(categoryBytes: .max, keyBytes: .max, payloadBytes: .max, batchBytes: .max))
      calls = BackendCalls(store)
      calls.limits = .embedded
    },
    BrokenBackend("batch.visible-half", "Others see the first half of a batch before the second.") { calls, store in
      calls.applyOps = { ops throws(PersistencyError) in
        let plain = ops.allSatisfy { if case .put = $0 { true } else { false } }
        if plain && ops.count > 1 {
          try store.limits.check(ops)
          try store.applyOps(Array(ops.prefix(ops.count / 2)))
          pause()
        }
        try store.applyOps(ops)
      }
    },
    BrokenBackend("batch.error-swallowed", "A failed batch is reported as written.") { calls, store in
      calls.applyOps = { ops throws(PersistencyError) in
        do throws(PersistencyError) {
          try store.applyOps(ops)
        } catch {
          if error.kind != .conflict && error.kind != .invalidArgument { throw error }
        }
      }
    },
    BrokenBackend("batch.delete-lost", "A delete in a batch with other steps does nothing.") { calls, _ in
      calls.mapOps { ops in
        ops.count < 2 ? ops : ops.filter { if case .delete = $0 { false } else { true } }
      }
    },
    BrokenBackend("batch.deletes-first", "The deletes of a batch come before its puts.") { calls, _ in
      calls.mapOps { ops in
        ops.filter { if case .delete = $0 { true } else { false } }
          + ops.filter { if case .delete = $0 { false } else { true } }
      }
    },
    BrokenBackend("batch.first-put-wins", "Of two puts to one key in a batch the first stays.") { calls, _ in
      calls.mapOps { ops in
        var seen: Set<TxOp> = []
        return ops.filter { op in
          guard case .put(let category, let key, _) = op else { return true }
          return seen.insert(.delete(category: category, key: key)).inserted
        }
      }
    },
    BrokenBackend("batch.last-step-lost", "The last step of a batch of several is lost.") { calls, _ in
      calls.mapOps { $0.count > 1 ? Array($0.dropLast()) : $0 }
    },
    BrokenBackend("batch.one-category", "All steps of a batch go to the category of the first.") { calls, _ in
      calls.mapOps { ops in
        guard let category = ops.first?.category else { return ops }
        return ops.map { op in
          guard case .put(_, let key, let payload) = op else { return op }
          return .put(category: category, key: key, payload: payload)
        }
      }
    },
    BrokenBackend("batch.empty-refused", "An empty batch is refused.") { calls, _ in
      calls.mapOps { ops throws(PersistencyError) in
        if ops.isEmpty { throw PersistencyError(.invalidArgument, "an empty batch") }
        return ops
      }
    },
  ]
}
