import PersistencyCore

extension BrokenBackend {
  /// Scans and visits of another range than the one asked for.
  static let ranges: [BrokenBackend] = [
    BrokenBackend("range.takes-stop", "The stop of a range is in it.") { calls, _ in
      calls.mapRanges { range in
        guard let stop = range.stop, !range.isEmpty, stop.bytes.count < BackendLimits.embedded.keyBytes else {
          return range
        }
        return KeyRange(start: range.start, stop: stop.successor)
      }
    },
    BrokenBackend("range.skips-start", "The start of a range is not in it.") { calls, _ in
      calls.mapScans { rows, range, _ in rows.filter { $0.key != range.start || range.start.bytes.isEmpty } }
    },
    BrokenBackend("range.skips-empty-key", "The row of the empty key is in no range.") { calls, _ in
      calls.mapScans { rows, _, _ in rows.filter { !$0.key.bytes.isEmpty } }
    },
    BrokenBackend("range.empty-start-matches-nothing", "A range from the empty key has no rows.") { calls, _ in
      calls.mapScans { rows, range, _ in range.start.bytes.isEmpty ? [] : rows }
    },
    BrokenBackend("range.stop-as-prefix", "The keys that begin with a range's stop are in it: siblings leak.") {
      calls, store in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        guard let stop = range.stop, !range.isEmpty, stop.bytes.count < BackendLimits.embedded.keyBytes else {
          return try visitRange(category, range, reverse, visit)
        }
        try visitRange(category, KeyRange(start: range.start, stop: KeyRange(prefix: stop).stop), reverse, visit)
      }
    },
    BrokenBackend("range.inverted-swapped", "A range with start past stop gives the rows between.") { calls, _ in
      calls.mapRanges { range in
        guard let stop = range.stop, stop < range.start else { return range }
        return KeyRange(start: stop, stop: range.start)
      }
    },
    BrokenBackend("range.inverted-refused", "A range with start past stop is an error.") { calls, _ in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        if range.isEmpty { throw PersistencyError(.invalidArgument, "an inverted range") }
        try visitRange(category, range, reverse, visit)
      }
    },
    BrokenBackend("range.reverse-ignores-start", "A reverse scan runs down to the first key.") { calls, _ in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        let start = reverse && !range.isEmpty ? Key() : range.start
        try visitRange(category, KeyRange(start: start, stop: range.stop), reverse, visit)
      }
    },
    BrokenBackend("range.reverse-from-stop", "A reverse scan begins at the stop of its range.") { calls, _ in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        guard reverse, !range.isEmpty, let stop = range.stop, stop.bytes.count < BackendLimits.embedded.keyBytes else {
          return try visitRange(category, range, reverse, visit)
        }
        try visitRange(category, KeyRange(start: range.start, stop: stop.successor), reverse, visit)
      }
    },
    BrokenBackend("range.reverse-ignored", "A reverse scan runs forward.") { calls, _ in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, _, visit throws(PersistencyError) in
        try visitRange(category, range, false, visit)
      }
    },
    BrokenBackend("scan.limit-before-reverse", "A reverse scan takes the limit first, then turns around.") {
      calls, store in
      calls.scanRange = { category, range, reverse, limit throws(PersistencyError) in
        let rows = try store.scanRange(category: category, range: range, reverse: false, limit: limit)
        return reverse ? rows.reversed() : rows
      }
    },
    BrokenBackend("scan.negative-limit-is-all", "A negative limit gives all rows.") { calls, store in
      calls.scanRange = { category, range, reverse, limit throws(PersistencyError) in
        try store.scanRange(
          category: category, range: range, reverse: reverse, limit: limit.flatMap { $0 < 0 ? nil : $0 })
      }
    },
    BrokenBackend("scan.limit-0-is-all", "A limit of 0 gives all rows.") { calls, store in
      calls.scanRange = { category, range, reverse, limit throws(PersistencyError) in
        try store.scanRange(category: category, range: range, reverse: reverse, limit: limit == 0 ? nil : limit)
      }
    },
    BrokenBackend("scan.limit-off-by-one", "A scan gives one row more than its limit.") { calls, store in
      calls.scanRange = { category, range, reverse, limit throws(PersistencyError) in
        try store.scanRange(
          category: category, range: range, reverse: reverse,
          limit: limit.flatMap { $0 > 0 && $0 < Int.max ? $0 + 1 : $0 })
      }
    },
    BrokenBackend("scan.at-most-1000", "A scan gives a thousand rows at most.") { calls, store in
      calls.scanRange = { category, range, reverse, limit throws(PersistencyError) in
        try store.scanRange(category: category, range: range, reverse: reverse, limit: min(limit ?? 1000, 1000))
      }
    },
    BrokenBackend("scan.unlike-visits", "A scan loses its last row; visits are right.") { calls, store in
      calls.scanRange = { category, range, reverse, limit throws(PersistencyError) in
        let rows = try store.scanRange(category: category, range: range, reverse: reverse, limit: limit)
        return rows.count > 1 ? Array(rows.dropLast()) : rows
      }
    },
  ]
}
