import PersistencyCore

extension ConformanceCheck {
  static let rangeShortForms: [ConformanceCheck] = [
    ConformanceCheck(
      "range.short-form", "scanRange with category and range alone gives all rows, forward", paragraph: "4"
    ) { check in
      let store = try check.open(RangeCase.rows)
      try check.expectRows(
        try store.scanRange(category: "c", range: .texts("c", "g")), Array(RangeCase.rows.list[1..<5]))
    },
    ConformanceCheck(
      "range.short-form-reverse", "scanRange with reverse and no limit gives all rows, in the direction asked for",
      paragraph: "4"
    ) { check in
      let store = try check.open(RangeCase.rows)
      let range = KeyRange.texts("c", "g")
      let wanted = Array(RangeCase.rows.list[1..<5])
      try check.expectRows(try store.scanRange(category: "c", range: range, reverse: true), wanted.reversed())
      try check.expectRows(try store.scanRange(category: "c", range: range, reverse: false), wanted)
    },
    ConformanceCheck(
      "range.short-form-limit",
      "scanRange with a limit and no direction takes the first rows; a negative one is refused",
      paragraph: "4"
    ) { check in
      let store = try check.open(RangeCase.rows)
      let range = KeyRange.texts("c", "g")
      try check.expectRows(
        try store.scanRange(category: "c", range: range, limit: 2), Array(RangeCase.rows.list[1..<3]))
      try check.expectRows(
        try store.scanRange(category: "c", range: range, limit: nil), Array(RangeCase.rows.list[1..<5]))
      try check.expectError(.invalidArgument, "a short call with limit -1") {
        _ = try store.scanRange(category: "c", range: range, limit: -1)
      }
    },
    ConformanceCheck(
      "range.short-forms-reach-the-adapter",
      "Every short call reaches the adapter's own scanRange, once and with its arguments",
      paragraph: "4"
    ) { check in
      let store = ScanRecorder(try check.open(RangeCase.rows))
      let range = KeyRange.texts("c", "g")
      _ = try store.scanRange(category: "c", range: range)
      _ = try store.scanRange(category: "c", range: range, reverse: true)
      _ = try store.scanRange(category: "c", range: range, limit: 3)
      let prefixed = try store.scanPrefix(category: "c", prefix: .text("d"), reverse: true, limit: 2)
      try check.expectRows(prefixed, [RangeCase.rows.list[3], RangeCase.rows.list[2]], "scanPrefix")
      try check.expectEqual(
        store.calls.withLock { $0 },
        [
          ScanRecorder.Call(range: range, reverse: false, limit: nil),
          ScanRecorder.Call(range: range, reverse: true, limit: nil),
          ScanRecorder.Call(range: range, reverse: false, limit: 3),
          ScanRecorder.Call(range: KeyRange(prefix: .text("d")), reverse: true, limit: 2),
        ], "the calls that reached scanRange")
    },
    ConformanceCheck(
      "range.visit-short-form", "visit with a category alone lends all its rows, forward", paragraph: "4"
    ) { check in
      let store = try check.open(RangeCase.rows)
      var keys: [Key] = []
      try store.visit(category: "c") { key, _ in
        keys.append(Key(copying: key))
        return .next
      }
      try check.expectEqual(keys, RangeCase.rows.keys, "the keys visited")
    },
  ]
}

/// Passes everything on to a store, and writes down what reaches its `scanRange`.
private final class ScanRecorder: KvBackend {
  struct Call: Equatable {
    let range: KeyRange
    let reverse: Bool
    let limit: Int?
  }

  let calls = Locked<[Call]>([])
  private let store: any KvBackend

  init(_ store: any KvBackend) { self.store = store }

  var limits: BackendLimits { store.limits }

  func scanRange(category: String, range: KeyRange, reverse: Bool, limit: Int?) throws(PersistencyError) -> [KvRow] {
    calls.withLock { $0.append(Call(range: range, reverse: reverse, limit: limit)) }
    return try store.scanRange(category: category, range: range, reverse: reverse, limit: limit)
  }

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) { try store.applyOps(ops) }

  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try store.getOne(category: category, key: key)
  }

  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try store.deleteOne(category: category, key: key)
  }

  func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try store.visitRange(category: category, range: range, reverse: reverse, visit)
  }

  func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try store.visitAll(visit)
  }

  func categories() throws(PersistencyError) -> [String] { try store.categories() }
  func close() { store.close() }
}
