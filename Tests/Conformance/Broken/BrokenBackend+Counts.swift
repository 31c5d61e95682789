import PersistencyCore

extension BrokenBackend {
  /// Counts that are not the number of rows.
  static let counts: [BrokenBackend] = [
    BrokenBackend("count.off-by-one", "A count is one too high where there are rows.") { calls, store in
      calls.countRange = { category, range throws(PersistencyError) in
        let count = try store.countRange(category: category, range: range)
        return count > 0 ? count + 1 : 0
      }
    },
    BrokenBackend("count.cached", "A count is remembered and not counted again.") { calls, store in
      let counts = Shared<[TxOp: Int]>([:])
      calls.countRange = { category, range throws(PersistencyError) in
        let question = TxOp.deleteRange(category: category, range: range)
        let count = try store.countRange(category: category, range: range)
        return counts.withLock { counts in
          if let known = counts[question] { return known }
          counts[question] = count
          return count
        }
      }
    },
    BrokenBackend("count.whole-category", "A count is that of the whole category.") { calls, store in
      calls.countRange = { category, range throws(PersistencyError) in
        try store.limits.check(category: category, range: range)
        return try store.countRange(category: category, range: .all)
      }
    },
    BrokenBackend("count.skips-empty-payloads", "Rows with an empty payload are not counted.") { calls, store in
      calls.countRange = { category, range throws(PersistencyError) in
        try store.scanRange(category: category, range: range).count { !$0.payload.isEmpty }
      }
    },
  ]
}
