import PersistencyCore

extension BrokenBackend {
  /// Categories that see one another, or are not what they were called.
  static let categories: [BrokenBackend] = [
    BrokenBackend("category.canonical", "Categories that differ in bytes but are equal as text are one.") {
      calls, _ in
      let names = Shared<[String: String]>([:])
      calls.mapCategories { category in
        names.withLock { names in
          if let first = names[category] { return first }
          names[category] = category
          return category
        }
      }
    },
    BrokenBackend("category.end-at-nul", "A category ends at its first zero byte.") { calls, _ in
      calls.mapCategories { String(decoding: $0.utf8.prefix { $0 != 0 }, as: UTF8.self) }
    },
    BrokenBackend("category.case-folded", "Categories that differ in case only are one.") { calls, _ in
      calls.mapCategories { $0.lowercased() }
    },
    BrokenBackend("category.cut-at-64-bytes", "Categories are cut after 64 bytes.") { calls, _ in
      calls.mapCategories { category in
        category.utf8.count > 255 ? category : String(decoding: category.utf8.prefix(64), as: UTF8.self)
      }
    },
    BrokenBackend("category.one-for-all", "All categories are one.") { calls, _ in
      calls.mapCategories { $0.utf8.count > 255 ? $0 : "one" }
    },
    BrokenBackend("category.empty-refused", "The empty category is refused.") { calls, _ in
      calls.mapOps { ops throws(PersistencyError) in
        if ops.contains(where: { $0.category.isEmpty }) { throw PersistencyError(.invalidArgument, "no category") }
        return ops
      }
    },
    BrokenBackend("category.unknown-refused", "A category that was never written cannot be read.") { calls, store in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        guard try store.categories().contains(category) else {
          throw PersistencyError(.invalidArgument, "no such category")
        }
        try visitRange(category, range, reverse, visit)
      }
    },
    BrokenBackend("category.open-end-leaks", "A range without a stop runs on into the next category.") {
      calls, store in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        var stopped = false
        try visitRange(category, range, reverse) { key, payload throws(PersistencyError) in
          let wanted = try visit(key, payload)
          stopped = wanted == .stop
          return wanted
        }
        guard !stopped, range.stop == nil else { return }
        let name = Key(rawBytes: category.utf8)
        guard let next = try store.categories().first(where: { Key(rawBytes: $0.utf8) > name }) else { return }
        try visitRange(next, .all, reverse, visit)
      }
    },
    BrokenBackend("category.prefix-leaks", "A category's scans give the rows of those it is a prefix of.") {
      calls, store in
      let visitRange = calls.visitRange
      calls.visitRange = { category, range, reverse, visit throws(PersistencyError) in
        var longer: [String] = []
        if !category.isEmpty {
          longer = try store.categories().filter { $0 != category && $0.utf8.starts(with: category.utf8) }
        }
        for name in [category] + longer { try visitRange(name, range, reverse, visit) }
      }
    },
    BrokenBackend("category.by-length", "categories() lists shorter names first.") { calls, store in
      calls.categories = { () throws(PersistencyError) in
        try store.categories().sorted { $0.utf8.count < $1.utf8.count }
      }
    },
    BrokenBackend("category.backwards", "categories() lists the last name first.") { calls, store in
      calls.categories = { () throws(PersistencyError) in try store.categories().reversed() }
    },
    BrokenBackend("category.emptied-listed", "categories() lists those that have no row any more.") { calls, store in
      let seen = Shared<Set<[UInt8]>>([])
      let applyOps = calls.applyOps
      calls.applyOps = { ops throws(PersistencyError) in
        try applyOps(ops)
        for case .put(let category, _, _) in ops { _ = seen.withLock { $0.insert(Array(category.utf8)) } }
      }
      calls.categories = { () throws(PersistencyError) in
        _ = try store.categories()
        return seen.withLock { $0 }.map { Key(rawBytes: $0) }.sorted().map { String(decoding: $0.bytes, as: UTF8.self) }
      }
    },
    BrokenBackend("category.once-a-row", "categories() lists a category once for each of its rows.") { calls, store in
      calls.categories = { () throws(PersistencyError) in
        var names: [String] = []
        for category in try store.categories() {
          let count = try store.countRange(category: category, range: .all)
          names += Array(repeating: category, count: count)
        }
        return names
      }
    },
    BrokenBackend("category.no-thousand", "There is no room for a 257th category.") { calls, store in
      calls.mapOps { ops throws(PersistencyError) in
        let known = try store.categories()
        if Set(known + ops.map(\.category)).count > 256 {
          throw PersistencyError(.storageFull, "256 categories")
        }
        return ops
      }
    },
    BrokenBackend("view.all-by-key", "visitAll gives all rows by key, then category.") { calls, store in
      calls.visitAll = { visit throws(PersistencyError) in
        var rows: [(category: [UInt8], row: KvRow)] = []
        try store.visitAll { category, key, payload throws(PersistencyError) in
          let row = KvRow(key: Key(copying: key), payload: [UInt8](copying: payload))
          rows.append(([UInt8](copying: category), row))
          return .next
        }
        for (category, row) in rows.sorted(by: { $0.row.key < $1.row.key }) {
          _ = try store.categories()
          if try visit(category.span.bytes, row.key.bytes.span.bytes, row.payload.span.bytes) == .stop { return }
        }
      }
    },
    BrokenBackend("view.all-skips-empty-category", "visitAll leaves out the empty category.") { calls, _ in
      let visitAll = calls.visitAll
      calls.visitAll = { visit throws(PersistencyError) in
        try visitAll { category, key, payload throws(PersistencyError) in
          category.byteCount == 0 ? .next : try visit(category, key, payload)
        }
      }
    },
  ]
}
