import PersistencyCore

/// One call of the contract as a value: rules about every call are made from the table of them all.
struct ContractCall: Sendable {
  let name: String
  let writes: Bool
  let takes: Set<Argument>
  /// Calls with these arguments; what it returns is described as text, so that two calls can be compared.
  let run: @Sendable (any KvBackend, Arguments) throws -> String

  enum Argument: String, Sendable, CaseIterable {
    case category, key, payload, bounds
  }

  struct Arguments: Sendable {
    var category = "c"
    var key = Key(plain: "k")
    var payload = Array("v".utf8)
    var range = KeyRange.all
  }

  init(
    _ name: String, writes: Bool = false, takes: Set<Argument>,
    run: @escaping @Sendable (any KvBackend, Arguments) throws -> String
  ) {
    self.name = name
    self.writes = writes
    self.takes = takes
    self.run = run
  }
}

extension ContractCall {
  /// A write of one batch, through `applyOps` or through `applyGroup`.
  private static func write(
    _ name: String, takes: Set<Argument>, grouped: Bool = false, _ op: @escaping @Sendable (Arguments) -> TxOp
  ) -> ContractCall {
    ContractCall(name, writes: true, takes: takes) { store, arguments in
      if grouped {
        let results = store.applyGroup([[op(arguments)]], sync: false)
        for result in results { try result.get() }
        return "\(results.count) outcomes"
      }
      try store.applyOps([op(arguments)])
      return "applied"
    }
  }

  static let writes: [ContractCall] = [
    write("put", takes: [.category, .key, .payload]) {
      .put(category: $0.category, key: $0.key, payload: $0.payload)
    },
    write("delete", takes: [.category, .key]) { .delete(category: $0.category, key: $0.key) },
    write("deleteRange", takes: [.category, .bounds]) { .deleteRange(category: $0.category, range: $0.range) },
    write("applyGroup", takes: [.category, .key, .payload], grouped: true) {
      .put(category: $0.category, key: $0.key, payload: $0.payload)
    },
    ContractCall("importRows", writes: true, takes: [.category, .key, .payload]) { store, arguments in
      let category = Array(arguments.category.utf8)
      try store.importRows([RawRow(category: category, key: arguments.key, payload: arguments.payload)])
      return "imported"
    },
    ContractCall("importAll", writes: true, takes: [.category, .key, .payload]) { store, arguments in
      let category = Array(arguments.category.utf8)
      var rows = [RawRow(category: category, key: arguments.key, payload: arguments.payload)]
      try store.importAll { () throws(PersistencyError) in
        defer { rows = [] }
        return rows.isEmpty ? nil : rows
      }
      return "imported"
    },
    ContractCall("deleteOne", writes: true, takes: [.category, .key]) { store, arguments in
      "\(try store.deleteOne(category: arguments.category, key: arguments.key))"
    },
  ]

  static let reads: [ContractCall] = [
    // Holds where the row is there with the payload of the arguments.
    ContractCall("expect", takes: [.category, .key, .payload]) { store, arguments in
      try store.applyOps([
        .expect(category: arguments.category, key: arguments.key, payload: arguments.payload)
      ])
      return "held"
    },
    ContractCall("getOne", takes: [.category, .key]) { store, arguments in
      "\(try store.getOne(category: arguments.category, key: arguments.key) ?? [])"
    },
    ContractCall("existsOne", takes: [.category, .key]) { store, arguments in
      "\(try store.existsOne(category: arguments.category, key: arguments.key))"
    },
    ContractCall("scanRange", takes: [.category, .bounds]) { store, arguments in
      "\(try store.scanRange(category: arguments.category, range: arguments.range, reverse: false, limit: nil))"
    },
    ContractCall("countRange", takes: [.category, .bounds]) { store, arguments in
      "\(try store.countRange(category: arguments.category, range: arguments.range))"
    },
    ContractCall("visitRange", takes: [.category, .bounds]) { store, arguments in
      var rows: [String] = []
      try store.visitRange(
        category: arguments.category, range: arguments.range, reverse: false
      ) { key, payload throws(PersistencyError) in
        rows.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)).plain)
        return .next
      }
      return "\(rows)"
    },
    ContractCall("visitAll", takes: []) { store, _ in "\(try store.everything())" },
    ContractCall("categories", takes: []) { store, _ in "\(try store.categories())" },
  ]

  static let all: [ContractCall] = writes + reads
}
