import PersistencyCore

// Rules about batches and views read best when their rows are plain text: "a=1" is the payload "1" at the key "a" of
// category "c", and "d/a=1" is the same in category "d". The bytes are the text's UTF-8, with no length before it.

extension Key {
  init(plain text: String) { self.init(rawBytes: text.utf8) }

  var plain: String { String(decoding: bytes, as: UTF8.self) }
}

extension KeyRange {
  init(plain start: String, _ stop: String?) {
    self.init(start: Key(plain: start), stop: stop.map { Key(plain: $0) })
  }
}

extension TxOp {
  static func set(_ key: String, _ payload: String, in category: String = "c") -> TxOp {
    .put(category: category, key: Key(plain: key), payload: Array(payload.utf8))
  }

  static func remove(_ key: String, in category: String = "c") -> TxOp {
    .delete(category: category, key: Key(plain: key))
  }

  static func clear(_ start: String = "", _ stop: String? = nil, in category: String = "c") -> TxOp {
    .deleteRange(category: category, range: KeyRange(plain: start, stop))
  }

  static func require(_ key: String, _ payload: String?, in category: String = "c") -> TxOp {
    .expect(category: category, key: Key(plain: key), payload: payload.map { Array($0.utf8) })
  }
}

extension KvRow {
  var plain: String { "\(key.plain)=\(String(decoding: payload, as: UTF8.self))" }
}

extension KvBackend {
  func text(_ key: String, in category: String = "c") throws(PersistencyError) -> String? {
    try getOne(category: category, key: Key(plain: key)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The rows of one category.
  func texts(_ category: String = "c", reverse: Bool = false) throws(PersistencyError) -> [String] {
    try scanRange(category: category, range: .all, reverse: reverse, limit: nil).map(\.plain)
  }

  /// Every row of the store, in the order of `visitAll`.
  func everything() throws(PersistencyError) -> [String] {
    var rows: [String] = []
    try visitAll { category, key, payload throws(PersistencyError) in
      let name = String(decoding: [UInt8](copying: category), as: UTF8.self)
      let row = KvRow(key: Key(copying: key), payload: [UInt8](copying: payload))
      rows.append(name == "c" ? row.plain : "\(name)/\(row.plain)")
      return .next
    }
    return rows
  }
}

extension [Result<Void, PersistencyError>] {
  /// "ok", or the kind of the error, for each batch.
  var outcomes: [String] {
    map { result in
      switch result {
      case .success: "ok"
      case .failure(let error): error.kind.rawValue
      }
    }
  }
}

extension CheckContext {
  /// Opens the store and applies a first batch.
  func open(_ ops: [TxOp]) throws -> any KvBackend {
    let store = try open()
    try store.applyOps(ops)
    return store
  }

  /// Expects exactly these rows in the whole store.
  func expectStore(
    _ store: any KvBackend, _ rows: [String], _ what: @autoclosure () -> String = "the store", file: String = #fileID,
    line: Int = #line
  ) throws {
    try expectEqual(try store.everything(), rows, what(), file: file, line: line)
  }

  /// A batch that must fail as a whole, of the kind named, with nothing applied.
  func expectRefused(
    _ store: any KvBackend, _ kind: PersistencyError.Kind, _ ops: [TxOp], file: String = #fileID, line: Int = #line
  ) throws {
    let before = try store.everything()
    let error = try expectError(kind, "the batch", file: file, line: line) { try store.applyOps(ops) }
    try expectEqual(error.outcome, .notApplied, "the outcome of the refused batch", file: file, line: line)
    try expectStore(store, before, "the store after the refused batch", file: file, line: line)
  }
}

/// Keys that sort as their numbers do: "000042".
func numbered(_ number: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
}
