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

  /// Delete-ranges and single deletes that remove too much or too little.
  static let deletes: [BrokenBackend] = [
    BrokenBackend("delete-range.misses-last", "A delete-range spares the last row of its range.") { calls, store in
      calls.mapOps { ops throws(PersistencyError) in
        var mapped: [TxOp] = []
        for op in ops {
          guard case .deleteRange(let category, let range) = op else {
            mapped.append(op)
            continue
          }
          let last = try store.scanRange(category: category, range: range, reverse: true, limit: 1).first
          mapped.append(.deleteRange(category: category, range: last.map { range.before($0.key) } ?? range))
        }
        return mapped
      }
    },
    BrokenBackend("delete-range.takes-stop", "A delete-range removes the row at its stop too.") { calls, _ in
      calls.mapOps { ops in
        ops.map { op in
          guard case .deleteRange(let category, let range) = op, let stop = range.stop, !range.isEmpty,
            stop.bytes.count < BackendLimits.embedded.keyBytes
          else { return op }
          return .deleteRange(category: category, range: KeyRange(start: range.start, stop: stop.successor))
        }
      }
    },
    BrokenBackend("delete-range.removes-later-puts", "A delete-range removes the later puts of its batch.") {
      calls, _ in
      calls.mapOps { ops in
        ops.filter { if case .deleteRange = $0 { false } else { true } }
          + ops.filter { if case .deleteRange = $0 { true } else { false } }
      }
    },
    BrokenBackend("delete-range.committed-only", "A delete-range spares the earlier puts of its batch.") { calls, _ in
      calls.mapOps { ops in
        ops.filter { if case .deleteRange = $0 { true } else { false } }
          + ops.filter { if case .deleteRange = $0 { false } else { true } }
      }
    },
    BrokenBackend("delete-range.empty-start-deletes-nothing", "A delete-range from the empty key removes nothing.") {
      calls, _ in
      calls.mapOps { ops in
        ops.filter { op in
          guard case .deleteRange(_, let range) = op else { return true }
          return !range.start.bytes.isEmpty
        }
      }
    },
    BrokenBackend("delete-range.other-categories", "A delete-range reaches into all categories.") { calls, store in
      calls.mapOps { ops throws(PersistencyError) in
        var mapped: [TxOp] = []
        for op in ops {
          mapped.append(op)
          guard case .deleteRange(_, let range) = op else { continue }
          mapped += try store.categories().map { .deleteRange(category: $0, range: range) }
        }
        return mapped
      }
    },
    BrokenBackend("delete-range.at-most-1000", "A delete-range removes a thousand rows at most.") { calls, store in
      calls.mapOps { ops throws(PersistencyError) in
        var mapped: [TxOp] = []
        for op in ops {
          guard case .deleteRange(let category, let range) = op else {
            mapped.append(op)
            continue
          }
          let rows = try store.scanRange(category: category, range: range, limit: 1001)
          guard rows.count > 1000, let last = rows.last else {
            mapped.append(op)
            continue
          }
          mapped.append(.deleteRange(category: category, range: range.before(last.key)))
        }
        return mapped
      }
    },
    BrokenBackend("delete.absent-fails", "Deleting what is absent is an error.") { calls, store in
      calls.mapOps { ops throws(PersistencyError) in
        if ops.count == 1, case .delete(let category, let key) = ops[0],
          try !store.existsOne(category: category, key: key)
        {
          throw PersistencyError(.invalidArgument, "no such row")
        }
        return ops
      }
    },
    BrokenBackend("delete-one.always-true", "deleteOne always says that there was a row.") { calls, store in
      calls.deleteOne = { category, key throws(PersistencyError) in
        _ = try store.deleteOne(category: category, key: key)
        return true
      }
    },
    BrokenBackend("delete-one.always-false", "deleteOne says what is there afterwards.") { calls, store in
      calls.deleteOne = { category, key throws(PersistencyError) in
        _ = try store.deleteOne(category: category, key: key)
        return try store.existsOne(category: category, key: key)
      }
    },
    BrokenBackend("delete-one.leaves-the-row", "deleteOne answers, and deletes nothing.") { calls, store in
      calls.deleteOne = { category, key throws(PersistencyError) in try store.existsOne(category: category, key: key) }
    },
    BrokenBackend("delete-one.empty-payload", "deleteOne says of a row with an empty payload that there was none.") {
      calls, store in
      calls.deleteOne = { category, key throws(PersistencyError) in
        let found = try store.getOne(category: category, key: key)
        return try store.deleteOne(category: category, key: key) && found?.isEmpty == false
      }
    },
    BrokenBackend("delete-one.two-steps", "deleteOne looks first and deletes later: two callers both hear true.") {
      calls, store in
      calls.deleteOne = { category, key throws(PersistencyError) in
        let found = try store.existsOne(category: category, key: key)
        pause()
        _ = try store.deleteOne(category: category, key: key)
        return found
      }
    },
  ]
}
