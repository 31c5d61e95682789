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
}
