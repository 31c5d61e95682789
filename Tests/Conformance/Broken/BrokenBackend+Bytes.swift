import PersistencyCore

extension BrokenBackend {
  /// Keys that are not what was put, or not where they belong.
  static let bytes: [BrokenBackend] = [
    BrokenBackend("order.signed-bytes", "Keys order by signed bytes.") { calls, _ in
      calls.mapKeys({ $0.map { $0 ^ 0x80 } }, restore: { $0.map { $0 ^ 0x80 } })
    },
    BrokenBackend("order.length-first", "Shorter keys come before longer ones.") { calls, _ in
      calls.mapKeys(
        { [UInt8(truncatingIfNeeded: $0.count >> 8), UInt8(truncatingIfNeeded: $0.count)] + $0 },
        restore: { Array($0.dropFirst(2)) })
    },
    BrokenBackend("order.longer-before-its-prefix", "A key comes before its own prefixes.") { calls, _ in
      calls.mapScans { rows, _, reverse in
        rows.sorted { left, right in
          let (first, second) = reverse ? (right.key, left.key) : (left.key, right.key)
          return first.bytes.starts(with: second.bytes) && first != second
            || !second.bytes.starts(with: first.bytes) && first < second
        }
      }
    },
    BrokenBackend("keys.cut-at-511-bytes", "Keys are cut after 511 bytes.") { calls, _ in
      calls.mapKeys { Array($0.prefix(511)) }
    },
    BrokenBackend("keys.end-at-nul", "A key ends at its first zero byte.") { calls, _ in
      calls.mapKeys { Array($0.prefix { $0 != 0 }) }
    },
    BrokenBackend("keys.trailing-zeros-lost", "Zero bytes at the end of a key are lost.") { calls, _ in
      calls.mapKeys { Array($0.reversed().drop { $0 == 0 }.reversed()) }
    },
    BrokenBackend("keys.case-folded", "Keys that differ in ASCII case only are one.") { calls, _ in
      calls.mapKeys { $0.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 } }
    },
    BrokenBackend("keys.empty-refused", "The empty key is refused.") { calls, _ in
      calls.mapOps { ops throws(PersistencyError) in
        for case .put(_, let key, _) in ops where key.bytes.isEmpty {
          throw PersistencyError(.invalidArgument, "an empty key")
        }
        return ops
      }
    },
    BrokenBackend("keys.as-text", "Keys that are not UTF-8 come back repaired.") { calls, _ in
      calls.mapRows { row in
        KvRow(key: Key(rawBytes: String(decoding: row.key.bytes, as: UTF8.self).utf8), payload: row.payload)
      }
    },
  ]

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
