extension MemoryBackend {
  /// On a snapshot: the visitor may write as it likes.
  public func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try limits.check(category: category, range: range)
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    guard let tree = store.snapshot().rows(category) else { return }
    try tree.visit(
      from: range.start.bytes, to: range.stop?.bytes, reverse: reverse
    ) { row throws(PersistencyError) in
      try gate.checkOpen()
      // The snapshot keeps the row for the length of the visit.
      let (key, payload) = unsafe (row.pointee.key.lent, row.pointee.value.lent)
      return unsafe try visit(RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload))
    }
  }

  /// On one snapshot of all categories.
  public func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    let trees = store.snapshot().trees
    try trees.visit { category throws(PersistencyError) in
      var wish = Visit.next
      try category.pointee.value.visit { row throws(PersistencyError) in
        try gate.checkOpen()
        let (key, payload) = unsafe (row.pointee.key.lent, row.pointee.value.lent)
        wish = unsafe try visit(
          category.pointee.key.span.bytes, RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload))
        return wish
      }
      return wish
    }
  }

  /// The keys of the tree of categories.
  public func categories() throws(PersistencyError) -> [String] {
    try gate.enter()
    defer { gate.leave() }
    var names: [String] = []
    try store.snapshot().trees.visit { category throws(PersistencyError) in
      guard let name = String(validating: category.pointee.key, as: UTF8.self) else {
        throw .notText(category: category.pointee.key)
      }
      names.append(name)
      return .next
    }
    return names
  }
}
