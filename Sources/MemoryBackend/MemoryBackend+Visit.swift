internal import CPersistencyMemory

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
    try unsafe tree.visit(
      range, reverse: reverse, ahead: Self.ahead, announce: Self.prefetch
    ) { row throws(PersistencyError) in
      try gate.checkOpen()
      // The snapshot keeps the row for the length of the visit.
      let (key, payload) = unsafe (Categories.Rows.Node.lent(row), row.pointee.value.lent)
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
      let name = unsafe Categories.Names.Node.lent(category)
      try category.pointee.value.visit(ahead: Self.ahead, announce: Self.prefetch) { row throws(PersistencyError) in
        try gate.checkOpen()
        let (key, payload) = unsafe (Categories.Rows.Node.lent(row), row.pointee.value.lent)
        wish = unsafe try visit(
          RawSpan(_unsafeBytes: name), RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload))
        return wish
      }
      return wish
    }
  }

  /// How many rows before its turn a payload is asked for: what a memory access takes, in rows of a quick visitor.
  static var ahead: Int { 24 }

  /// Asks for the payload of a row that will be visited soon.
  ///
  /// Payloads are scattered in memory, and to wait for one after the other takes most of a visit's time. Three cache
  /// lines, which is an array of about 150 bytes; more of a longer one the processor fetches ahead by itself.
  @inline(__always)
  static func prefetch(_ row: UnsafePointer<Categories.Rows.Node.Row>) {
    guard let start = unsafe row.pointee.value.lent.baseAddress else { return }
    // The head of the array, with its count, is in front of its bytes.
    unsafe persistency_memory_prefetch(start - 32)
    unsafe persistency_memory_prefetch(start + 32)
    unsafe persistency_memory_prefetch(start + 96)
  }

  /// The keys of the tree of categories.
  public func categories() throws(PersistencyError) -> [String] {
    try gate.enter()
    defer { gate.leave() }
    var names: [String] = []
    try store.snapshot().trees.visit { category throws(PersistencyError) in
      let bytes = unsafe category.pointee.key.bytes
      guard let name = String(validating: bytes, as: UTF8.self) else { throw .notText(category: bytes) }
      names.append(name)
      return .next
    }
    return names
  }
}
