import CPersistencyLMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One LMDB transaction, in terms of paths (``LMDBLayout``).
///
/// Borrowed by a call of ``LMDBEnvironment`` and never kept; the bytes it lends live as long.
struct LMDBTransaction {
  let handle: OpaquePointer
  let database: MDB_dbi

  // MARK: One row

  /// The payload at `path`, lent.
  @inline(__always)
  func get(_ path: UnsafeRawBufferPointer) throws(PersistencyError) -> UnsafeRawBufferPointer? {
    if path.count <= LMDBLayout.rootBytes { return try stored(path) }
    return try getLong(path)
  }

  private func getLong(_ path: UnsafeRawBufferPointer) throws(PersistencyError) -> UnsafeRawBufferPointer? {
    try withUnsafeTemporaryAllocation(byteCount: LMDBLayout.linkBytes, alignment: 1) {
      scratch throws(PersistencyError) -> UnsafeRawBufferPointer? in
      var node: NodeID = 0
      var taken = 0
      while true {
        let step = LMDBLayout.segment(node, UnsafeRawBufferPointer(rebasing: path[taken...]), scratch)
        guard let value = try stored(step.key) else { return nil }
        if !step.isLink { return value }
        node = try LMDBLayout.node(value)
        taken += step.taken
      }
    }
  }

  /// Stores a row, and the nodes on its way that are not there yet.
  @inline(__always)
  func put(_ path: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) throws(PersistencyError) {
    if path.count <= LMDBLayout.rootBytes { return try store(path, payload) }
    try putLong(path, payload)
  }

  private func putLong(_ path: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) throws(PersistencyError) {
    try withUnsafeTemporaryAllocation(byteCount: LMDBLayout.linkBytes, alignment: 1) {
      scratch throws(PersistencyError) in
      var node: NodeID = 0
      var taken = 0
      // The last node made here has no row yet, so that the database does not tell the next free id.
      var made: NodeID?
      while true {
        let step = LMDBLayout.segment(node, UnsafeRawBufferPointer(rebasing: path[taken...]), scratch)
        if !step.isLink { return try store(step.key, payload) }
        taken += step.taken
        if made == nil, let link = try stored(step.key) {
          node = try LMDBLayout.node(link)
          continue
        }
        let last = if let made { made } else { try lastNode() }
        let (next, overflow) = last.addingReportingOverflow(1)
        if overflow { throw .lmdbLayout("the last node id is taken") }
        try LMDBLayout.bytes(next).withBytes { id throws(PersistencyError) in try store(step.key, id) }
        made = next
        node = next
      }
    }
  }

  /// Removes a row, and the nodes that it leaves empty.
  ///
  /// - Returns: Whether it was there.
  func delete(_ path: UnsafeRawBufferPointer) throws(PersistencyError) -> Bool {
    if path.count <= LMDBLayout.rootBytes { return try remove(path) }
    return try withUnsafeTemporaryAllocation(byteCount: LMDBLayout.linkBytes, alignment: 1) {
      scratch throws(PersistencyError) -> Bool in
      var way: [(node: NodeID, taken: Int)] = []
      var node: NodeID = 0
      var taken = 0
      while true {
        let step = LMDBLayout.segment(node, UnsafeRawBufferPointer(rebasing: path[taken...]), scratch)
        if !step.isLink {
          guard try remove(step.key) else { return false }
          break
        }
        guard let link = try stored(step.key) else { return false }
        way.append((node, taken))
        node = try LMDBLayout.node(link)
        taken += step.taken
      }
      while let parent = way.popLast(), try isEmpty(node) {
        let rest = UnsafeRawBufferPointer(rebasing: path[parent.taken...])
        _ = try remove(LMDBLayout.segment(parent.node, rest, scratch).key)
        node = parent.node
      }
      return true
    }
  }

  // MARK: Stored keys

  @inline(__always)
  func stored(_ key: UnsafeRawBufferPointer) throws(PersistencyError) -> UnsafeRawBufferPointer? {
    var name = MDB_val(key)
    var value = MDB_val()
    let code = mdb_get(handle, database, &name, &value)
    if code == 0 { return value.bytes }
    if code == MDB_NOTFOUND { return nil }
    throw lmdbError(code, "reading")
  }

  @inline(__always)
  func store(_ key: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) throws(PersistencyError) {
    var name = MDB_val(key)
    var value = MDB_val(payload)
    let code = mdb_put(handle, database, &name, &value, 0)
    if code != 0 { throw lmdbError(code, "writing") }
  }

  func remove(_ key: UnsafeRawBufferPointer) throws(PersistencyError) -> Bool {
    var name = MDB_val(key)
    let code = mdb_del(handle, database, &name, nil)
    if code == 0 { return true }
    if code == MDB_NOTFOUND { return false }
    throw lmdbError(code, "deleting")
  }

  // MARK: Nodes

  func withCursor<R>(_ body: (OpaquePointer) throws(PersistencyError) -> R) throws(PersistencyError) -> R {
    var opened: OpaquePointer?
    let code = mdb_cursor_open(handle, database, &opened)
    guard code == 0, let cursor = opened else { throw lmdbError(code, "opening a cursor") }
    defer { mdb_cursor_close(cursor) }
    return try body(cursor)
  }

  /// Whether a node has no row.
  func isEmpty(_ node: NodeID) throws(PersistencyError) -> Bool {
    let prefix = LMDBLayout.prefix(node)
    return try withCursor { cursor throws(PersistencyError) in
      guard let found = try cursor.seek(prefix) else { return true }
      return !found.starts(with: prefix)
    }
  }

  /// The greatest id of a node that has rows, or 0.
  private func lastNode() throws(PersistencyError) -> NodeID {
    try withCursor { cursor throws(PersistencyError) in
      guard let key = try cursor.step(MDB_LAST)?.key, key.first == LMDBLayout.nodeTag else { return 0 }
      guard key.count > LMDBLayout.nodeHeader else { throw .lmdbLayout("a node row of \(key.count) bytes") }
      return try LMDBLayout.node(UnsafeRawBufferPointer(rebasing: key[1..<LMDBLayout.nodeHeader]))
    }
  }
}

extension [UInt8] {
  /// `withUnsafeBytes`, with a typed throw.
  @inline(__always)
  func withBytes<R>(
    _ body: (UnsafeRawBufferPointer) throws(PersistencyError) -> R
  ) throws(PersistencyError) -> R {
    try withUnsafeBufferPointer { bytes throws(PersistencyError) in try body(UnsafeRawBufferPointer(bytes)) }
  }
}

extension OpaquePointer {
  // An MDB_cursor; what it gives lives until the next write of its transaction.

  /// The first stored key that is not below `bound`.
  func seek(_ bound: [UInt8]) throws(PersistencyError) -> UnsafeRawBufferPointer? {
    var name = MDB_val()
    let code = bound.withUnsafeBytes { bytes in
      name = MDB_val(bytes)
      return mdb_cursor_get(self, &name, nil, MDB_SET_RANGE)
    }
    if code == 0 { return name.bytes }
    if code == MDB_NOTFOUND { return nil }
    throw lmdbError(code, "seeking")
  }

  func step(
    _ step: MDB_cursor_op
  ) throws(PersistencyError) -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
    var name = MDB_val()
    var value = MDB_val()
    let code = mdb_cursor_get(self, &name, &value, step)
    if code == 0 { return (name.bytes, value.bytes) }
    if code == MDB_NOTFOUND { return nil }
    throw lmdbError(code, "stepping")
  }
}
