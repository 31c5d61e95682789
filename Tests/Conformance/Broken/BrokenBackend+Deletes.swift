import PersistencyCore

extension BrokenBackend {
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
