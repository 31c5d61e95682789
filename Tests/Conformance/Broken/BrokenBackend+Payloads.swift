import PersistencyCore

extension BrokenBackend {
  /// Payloads that are not what was put.
  static let payloads: [BrokenBackend] = [
    BrokenBackend("payload.empty-is-missing", "An empty payload reads as a missing one.") { calls, _ in
      let getOne = calls.getOne
      calls.getOne = { category, key throws(PersistencyError) in
        try getOne(category, key).flatMap { $0.isEmpty ? nil : $0 }
      }
    },
    BrokenBackend("payload.empty-not-visited", "Rows with an empty payload are left out of scans.") { calls, _ in
      calls.mapScans { rows, _, _ in rows.filter { !$0.payload.isEmpty } }
    },
    BrokenBackend("payload.empty-refused", "An empty payload is refused.") { calls, _ in
      calls.mapOps { ops throws(PersistencyError) in
        for case .put(_, _, let payload) in ops where payload.isEmpty {
          throw PersistencyError(.invalidArgument, "an empty payload")
        }
        return ops
      }
    },
    BrokenBackend("payload.ends-at-nul", "A payload ends at its first zero byte.") { calls, _ in
      calls.mapRows { KvRow(key: $0.key, payload: Array($0.payload.prefix { $0 != 0 })) }
    },
    BrokenBackend("payload.as-text", "Payloads that are not UTF-8 come back repaired.") { calls, _ in
      calls.mapRows { KvRow(key: $0.key, payload: Array(String(decoding: $0.payload, as: UTF8.self).utf8)) }
    },
    BrokenBackend("payload.cut-at-64-kib", "Payloads are cut after 65,535 bytes.") { calls, _ in
      calls.mapRows { KvRow(key: $0.key, payload: Array($0.payload.prefix(65_535))) }
    },
    BrokenBackend("payload.stale-read", "A get is answered from a cache that only puts refresh.") { calls, _ in
      let (getOne, applyOps) = (calls.getOne, calls.applyOps)
      let cache = Shared<[TxOp: [UInt8]]>([:])
      calls.applyOps = { ops throws(PersistencyError) in
        try applyOps(ops)
        for case .put(let category, let key, let payload) in ops {
          cache.withLock { $0[.delete(category: category, key: key)] = payload }
        }
      }
      calls.getOne = { category, key throws(PersistencyError) in
        let found = try getOne(category, key)
        return cache.withLock { $0[.delete(category: category, key: key)] } ?? found
      }
    },
    BrokenBackend("exists.remembered", "A key that was deleted still exists.") { calls, _ in
      let (getOne, applyOps) = (calls.getOne, calls.applyOps)
      let seen = Shared<Set<TxOp>>([])
      calls.applyOps = { ops throws(PersistencyError) in
        try applyOps(ops)
        for case .put(let category, let key, _) in ops {
          _ = seen.withLock { $0.insert(.delete(category: category, key: key)) }
        }
      }
      calls.existsOne = { category, key throws(PersistencyError) in
        if try getOne(category, key) != nil { return true }
        return seen.withLock { $0.contains(.delete(category: category, key: key)) }
      }
    },
  ]
}
