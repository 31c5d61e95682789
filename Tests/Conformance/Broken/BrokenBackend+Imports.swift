import PersistencyCore

extension BrokenBackend {
  /// Rows imported by the bytes of their categories, and what becomes of categories that are not UTF-8.
  static let imports: [BrokenBackend] = [
    BrokenBackend("import.row-by-row", "Rows are imported one after the other, each by itself.") { calls, store in
      calls.importRows = { rows throws(PersistencyError) in
        for row in rows { try store.importRows([row]) }
      }
    },
    BrokenBackend("import.first-wins", "Of two rows imported for one key the first stays.") { calls, store in
      calls.importRows = { rows throws(PersistencyError) in
        var seen: Set<RawRow> = []
        try store.importRows(
          rows.filter { seen.insert(RawRow(category: $0.category, key: $0.key, payload: [])).inserted })
      }
    },
    BrokenBackend("import.keeps-stored", "A row that is there already is not imported.") { calls, store in
      calls.importRows = { rows throws(PersistencyError) in
        var stored: Set<RawRow> = []
        for row in try store.rawRows() { stored.insert(RawRow(category: row.category, key: row.key, payload: [])) }
        try store.importRows(
          rows.filter { !stored.contains(RawRow(category: $0.category, key: $0.key, payload: [])) })
      }
    },
    BrokenBackend("import.repairs-names", "What is not UTF-8 in an imported category is replaced by U+FFFD.") {
      calls, store in
      calls.importRows = { rows throws(PersistencyError) in
        try store.importRows(
          rows.map { row in
            let category = Array(String(decoding: row.category, as: UTF8.self).utf8)
            return RawRow(category: category, key: row.key, payload: row.payload)
          })
      }
    },
    BrokenBackend("import.drops-raw-categories", "Rows of categories that are not UTF-8 are left out.") {
      calls, store in
      calls.importRaw = { rows throws(PersistencyError) in try store.importRows(rows.filter(\.isText)) }
    },
    BrokenBackend(
      "import.undeclared-taken", "It declares no raw categories, and takes them.",
      capabilities: Capabilities(persistent: false)
    ) { _, _ in },
    BrokenBackend(
      "import.undeclared-half", "It refuses a category that is not UTF-8 after it has put the rows before.",
      capabilities: Capabilities(persistent: false)
    ) { calls, store in
      calls.importRaw = { rows throws(PersistencyError) in
        try store.importRows(Array(rows.prefix(while: \.isText)))
        throw PersistencyError(.unsupported, "a category that is not UTF-8")
      }
    },
    BrokenBackend("import-all.forgets-last", "importAll ends before the last list is put.") { calls, store in
      calls.importAll = { next throws(PersistencyError) in
        try store.importRows([])
        var held: [RawRow]?
        while let rows = try next() {
          if let held { try store.importRows(held) }
          held = rows
        }
      }
    },
    BrokenBackend("import-all.keeps-first", "importAll puts no row for a key that one before it had.") { calls, store in
      calls.importAll = { next throws(PersistencyError) in
        try store.importRows([])
        var seen: Set<RawRow> = []
        while let rows = try next() {
          try store.importRows(
            rows.filter { seen.insert(RawRow(category: $0.category, key: $0.key, payload: [])).inserted })
        }
      }
    },
    BrokenBackend("import-all.stops-at-nothing", "importAll takes an empty list for the end.") { calls, store in
      calls.importAll = { next throws(PersistencyError) in
        try store.importRows([])
        while let rows = try next(), !rows.isEmpty { try store.importRows(rows) }
      }
    },
    BrokenBackend("import-all.swallows-errors", "importAll takes an error of its source for the end.") { calls, store in
      calls.importAll = { next throws(PersistencyError) in
        try store.importRows([])
        while let rows = try? next() { try store.importRows(rows) }
      }
    },
    BrokenBackend("categories.repairs-names", "categories() lists what is not UTF-8 with U+FFFD in its place.") {
      calls, store in
      calls.categories = { () throws(PersistencyError) in
        do throws(PersistencyError) {
          return try store.categories()
        } catch {
          guard error.kind == .corrupted else { throw error }
        }
        var names: [[UInt8]] = []
        for row in try store.rawRows() where names.last != row.category { names.append(row.category) }
        return names.map { String(decoding: $0, as: UTF8.self) }
      }
    },
    BrokenBackend("categories.unnamed", "categories() does not name the category that is not UTF-8.") {
      calls, store in
      calls.categories = { () throws(PersistencyError) in
        do throws(PersistencyError) {
          return try store.categories()
        } catch {
          if error.kind == .corrupted { throw PersistencyError(.corrupted, "a category is not UTF-8") }
          throw error
        }
      }
    },
    BrokenBackend("visit-all.skips-raw-categories", "visitAll leaves out categories that are not UTF-8.") { calls, _ in
      let visitAll = calls.visitAll
      calls.visitAll = { visit throws(PersistencyError) in
        try visitAll { category, key, payload throws(PersistencyError) in
          let isText = String(validating: [UInt8](copying: category), as: UTF8.self) != nil
          return isText ? try visit(category, key, payload) : .next
        }
      }
    },
    BrokenBackend("visit-all.raw-categories-last", "visitAll gives categories that are not UTF-8 after all others.") {
      calls, store in
      calls.visitAll = { visit throws(PersistencyError) in
        let rows = try store.rawRows()
        for row in rows.filter(\.isText) + rows.filter({ !$0.isText }) {
          // Throws once the store is closed.
          _ = try store.getOne(category: "", key: Key())
          let wanted = try visit(row.category.span.bytes, row.key.bytes.span.bytes, row.payload.span.bytes)
          if wanted == .stop { return }
        }
      }
    },
  ]
}

extension RawRow {
  /// Whether its category is UTF-8.
  fileprivate var isText: Bool { String(validating: category, as: UTF8.self) != nil }
}
