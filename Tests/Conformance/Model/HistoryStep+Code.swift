import PersistencyCore

extension HistoryStep {
  /// The call as Swift, to paste into a test.
  public var swiftCode: String {
    switch self {
    case .apply(let ops): "try store.applyOps(\(Self.code(ops)))"
    case .group(let batches, let sync):
      "_ = store.applyGroup([\(batches.map(Self.code).joined(separator: ", "))], sync: \(sync))"
    case .get(let category, let key): "_ = try store.getOne(\(Self.code(category, key)))"
    case .exists(let category, let key): "_ = try store.existsOne(\(Self.code(category, key)))"
    case .deleteOne(let category, let key): "_ = try store.deleteOne(\(Self.code(category, key)))"
    case .scan(let category, let range, let reverse, let limit):
      "_ = try store.scanRange(\(Self.code(category, range)), reverse: \(reverse), "
        + "limit: \(limit.map { "\($0)" } ?? "nil"))"
    case .count(let category, let range): "_ = try store.countRange(\(Self.code(category, range)))"
    case .visit(let category, let range, let reverse, let rows):
      "try store.visitRange(\(Self.code(category, range)), reverse: \(reverse)) { _, _ in .next }" + Self.note(rows)
    case .visitAll(let rows): "try store.visitAll { _, _, _ in .next }" + Self.note(rows)
    case .categories: "_ = try store.categories()"
    case .reopen: "store = try reopen(store)"
    case .crash: "store = try open(copyOfFiles)  // as a kill would have left them"
    case .copy: "store = try freshStore(importing: store)"
    case .faulty(let ops, let fault):
      "try faults.during(\(Self.code(fault)), below: directory) { _ in try store.applyOps(\(Self.code(ops))) }"
    }
  }

  private static func note(_ rows: Int?) -> String { rows.map { "  // stopped after \($0) rows" } ?? "" }

  // MARK: Parts

  private static func code(_ ops: [TxOp]) -> String {
    "[" + ops.map(code).joined(separator: ", ") + "]"
  }

  private static func code(_ fault: Fault) -> String {
    let calls = fault.calls.map { ".\($0.rawValue)" }.sorted().joined(separator: ", ")
    return "Fault([\(calls)], first: \(fault.first), .\(fault.effect))"
  }

  private static func code(_ op: TxOp) -> String {
    switch op {
    case .put(let category, let key, let payload): ".put(\(code(category, key)), payload: \(code(payload)))"
    case .delete(let category, let key): ".delete(\(code(category, key)))"
    case .deleteRange(let category, let range): ".deleteRange(\(code(category, range)))"
    case .expect(let category, let key, let payload):
      ".expect(\(code(category, key)), payload: \(payload.map(code) ?? "nil"))"
    }
  }

  private static func code(_ category: String, _ key: Key) -> String {
    "category: \(code(category)), key: \(code(key))"
  }

  private static func code(_ category: String, _ range: KeyRange) -> String {
    if range == .all { return "category: \(code(category)), range: .all" }
    let stop = range.stop.map(code) ?? "nil"
    return "category: \(code(category)), range: KeyRange(start: \(code(range.start)), stop: \(stop))"
  }

  private static func code(_ key: Key) -> String { key.bytes.isEmpty ? "Key()" : "Key(rawBytes: \(code(key.bytes)))" }

  /// A string literal in ASCII: canonically equal categories would look the same.
  static func code(_ text: String) -> String {
    let run = text.unicodeScalars
    if let first = run.first, run.count >= longRun, run.allSatisfy({ $0 == first }) {
      return "String(repeating: \(code(String(first))), count: \(run.count))"
    }
    return "\"" + run.map { $0.escaped(asASCII: true) }.joined() + "\""
  }

  private static var longRun: Int { 16 }

  /// An array literal; a long run of one byte as `repeating`.
  static func code(_ bytes: [UInt8]) -> String {
    var terms: [String] = []
    var plain: [String] = []
    func flush() {
      if !plain.isEmpty { terms.append("[" + plain.joined(separator: ", ") + "]") }
      plain = []
    }
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      let end = bytes[index...].firstIndex { $0 != byte } ?? bytes.count
      if end - index >= longRun {
        flush()
        terms.append("[UInt8](repeating: \(byte), count: \(end - index))")
      } else {
        plain += Array(repeating: "\(byte)", count: end - index)
      }
      index = end
    }
    flush()
    return terms.isEmpty ? "[]" : terms.joined(separator: " + ")
  }
}
