extension LMDBBackend {
  /// A cursor in one read transaction, which lends LMDB's pages; only the key of a long row is put together in a buffer.
  public func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try limits.check(category: category, range: range)
    if range.isEmpty {
      try gate.enter()
      gate.leave()
      return
    }
    let bounds = LMDBLayout.bounds(category, range)
    let head = LMDBLayout.headBytes(category)
    try visiting { transaction throws(PersistencyError) in
      var walk = try LMDBWalk(transaction, bounds.start, bounds.stop, reverse: reverse)
      while try walk.next() {
        try gate.checkOpen()
        let key = UnsafeRawBufferPointer(rebasing: walk.path[head...])
        let payload = walk.payload
        if try visit(RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload)) == .stop { return }
      }
    }
  }

  /// The same over all of the database but the nodes, which it goes into from their links.
  public func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try visiting { transaction throws(PersistencyError) in
      var walk = try LMDBWalk(transaction, LMDBLayout.first, LMDBLayout.end, reverse: false)
      // The last category that had to be unescaped, by how it was written.
      var written: [UInt8] = []
      var unescaped: [UInt8] = []
      while try walk.next() {
        try gate.checkOpen()
        let path = walk.path
        let payload = walk.payload
        guard let head = LMDBLayout.headCount(path) else { throw .lmdbLayout("a row without a category") }
        let category = UnsafeRawBufferPointer(rebasing: path[..<(head - 1)])
        let key = UnsafeRawBufferPointer(rebasing: path[head...])
        if LMDBLayout.isPlain(category) {
          let answer = try visit(
            RawSpan(_unsafeBytes: category), RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload))
          if answer == .stop { return }
          continue
        }
        if !written.elementsEqual(category) {
          guard let bytes = LMDBLayout.category(category) else { throw .lmdbLayout("a malformed category") }
          written = Array(category)
          unescaped = bytes
        }
        let answer = try unescaped.withBytes { name throws(PersistencyError) in
          try visit(RawSpan(_unsafeBytes: name), RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload))
        }
        if answer == .stop { return }
      }
    }
  }

  /// One seek a category: past all of its rows at once.
  public func categories() throws(PersistencyError) -> [String] {
    try gate.enter()
    defer { gate.leave() }
    return try environment.read(gate) { transaction throws(PersistencyError) in
      var names: [String] = []
      var start = LMDBLayout.first
      while let head = try LMDBLayout.firstHead(transaction, start) {
        guard let bytes = LMDBLayout.category(head.dropLast()) else { throw .lmdbLayout("a malformed category") }
        guard let name = String(validating: bytes, as: UTF8.self) else {
          let digits = bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
          throw PersistencyError(.corrupted, "the category hex:\(digits) is not UTF-8")
        }
        names.append(name)
        start = LMDBLayout.after(head)
      }
      return names
    }
  }

  /// Runs a visit: the map stays where it is until it has ended, and grows then if a write was waiting for that.
  private func visiting(
    _ body: (LMDBTransaction) throws(PersistencyError) -> Void
  ) throws(PersistencyError) {
    try gate.enter()
    defer { gate.leave() }
    environment.letGrowthPass(gate)
    defer { environment.growAfterVisit() }
    try environment.read(gate) { transaction throws(PersistencyError) in
      // Only with its snapshot does it count as a visit: beginning one may itself have to wait for the map.
      try gate.enterVisit()
      defer { gate.leaveVisit() }
      environment.mapGate.beginVisit()
      defer { environment.mapGate.endVisit() }
      try body(transaction)
    }
  }
}

extension LMDBLayout {
  /// How many bytes of each of its paths a category takes.
  static func headBytes(_ category: String) -> Int {
    category.utf8.reduce(1) { $0 + ($1 > 1 ? 1 : 2) }
  }

  /// The written category, with its terminator, of the first row at or past `start`.
  static func firstHead(_ transaction: LMDBTransaction, _ start: [UInt8]) throws(PersistencyError) -> [UInt8]? {
    var walk = try LMDBWalk(transaction, start, end, reverse: false)
    guard try walk.next() else { return nil }
    guard let head = headCount(walk.path) else { throw .lmdbLayout("a row without a category") }
    return Array(walk.path[..<head])
  }
}
