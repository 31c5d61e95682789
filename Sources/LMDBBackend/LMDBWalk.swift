import CPersistencyLMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The order of two stored keys, as LMDB's own: negative, 0 or positive.
@inline(__always)
func lmdbOrder(_ left: UnsafeRawBufferPointer, _ right: [UInt8]) -> Int {
  right.withUnsafeBytes { right in
    guard let a = left.baseAddress, let b = right.baseAddress else { return left.count - right.count }
    let order = memcmp(a, b, min(left.count, right.count))
    return order == 0 ? left.count - right.count : Int(order)
  }
}

/// A walk over the rows with start ≤ path < stop, in either direction, down into nodes and back up.
///
/// A short row is lent where LMDB has it. The path of a long one is put together in one buffer, made when the first is met.
struct LMDBWalk: ~Copyable {
  /// One node on the way down; the first is the root.
  struct Level {
    let node: NodeID
    /// How much of a path is above this node.
    let above: Int
    /// The least stored key here, and whether it is a link that the walk enters half-way.
    let low: (key: [UInt8], isLink: Bool)
    /// The stored key that the walk ends before, or, if it is a link, the last that it enters.
    let high: (key: [UInt8], isLink: Bool)
  }

  /// The row that ``next()`` found, until the next call.
  private(set) var path = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var payload = UnsafeRawBufferPointer(start: nil, count: 0)

  private let cursor: OpaquePointer
  private let start: [UInt8]
  private let stop: [UInt8]
  private let reverse: Bool
  private let advance: MDB_cursor_op
  private var level: Level
  private var levels: [Level] = []
  /// The cursor has to find its first entry of the level.
  private var isFresh = true
  private var assembled = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(_ transaction: LMDBTransaction, _ start: [UInt8], _ stop: [UInt8], reverse: Bool) throws(PersistencyError) {
    var opened: OpaquePointer?
    let code = mdb_cursor_open(transaction.handle, transaction.database, &opened)
    guard code == 0, let cursor = opened else { throw lmdbError(code, "opening a cursor") }
    self.cursor = cursor
    self.start = start
    self.stop = stop
    self.reverse = reverse
    advance = reverse ? MDB_PREV : MDB_NEXT
    level = Level(
      node: 0, above: 0, low: LMDBLayout.bound(0, start[...]), high: LMDBLayout.bound(0, stop[...]))
  }

  deinit {
    mdb_cursor_close(cursor)
    assembled.deallocate()
  }

  /// Goes to the next row.
  ///
  /// - Returns: Whether there is one.
  @inline(__always)
  mutating func next() throws(PersistencyError) -> Bool {
    var key = MDB_val()
    var value = MDB_val()
    // The way of short rows: nothing but the cursor and one comparison.
    if !isFresh && level.node == 0 {
      let code = mdb_cursor_get(cursor, &key, &value, advance)
      let found = key.bytes
      if code == 0 && found.count < LMDBLayout.linkBytes && isWithin(found) {
        path = found
        payload = value.bytes
        return true
      }
      return try settle(code, found, value.bytes)
    }
    let code = move(&key, &value)
    return try settle(code, key.bytes, value.bytes)
  }

  /// Whether a stored key that the cursor came to is in the level's bounds.
  @inline(__always)
  private func isWithin(_ key: UnsafeRawBufferPointer) -> Bool {
    if reverse { return lmdbOrder(key, level.low.key) >= 0 }
    let order = lmdbOrder(key, level.high.key)
    return order < 0 || (order == 0 && level.high.isLink)
  }

  /// Goes on from where the cursor came to, down and up, until it is at a row.
  private mutating func settle(
    _ result: Int32, _ found: UnsafeRawBufferPointer, _ data: UnsafeRawBufferPointer
  ) throws(PersistencyError) -> Bool {
    var code = result
    var found = found
    var data = data
    while true {
      if code != 0 && code != MDB_NOTFOUND { throw lmdbError(code, "walking") }
      if code == MDB_NOTFOUND || !isWithin(found) {
        guard let parent = levels.popLast() else { return false }
        try ascend(to: parent)
      } else if found.count == LMDBLayout.linkBytes {
        try descend(found, data)
      } else {
        payload = data
        path = level.node == 0 ? found : keep(found)
        return true
      }
      var key = MDB_val()
      var value = MDB_val()
      code = move(&key, &value)
      found = key.bytes
      data = value.bytes
    }
  }

  /// Moves the cursor to the next entry, or to the first of a level.
  private mutating func move(_ key: inout MDB_val, _ value: inout MDB_val) -> Int32 {
    if !isFresh { return mdb_cursor_get(cursor, &key, &value, advance) }
    isFresh = false
    let bound = reverse ? level.high : level.low
    let code = bound.key.withUnsafeBytes { bytes in
      key = MDB_val(bytes)
      return mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE)
    }
    if !reverse { return code }
    if code == MDB_NOTFOUND { return mdb_cursor_get(cursor, &key, &value, MDB_LAST) }
    if code != 0 || (bound.isLink && lmdbOrder(key.bytes, bound.key) == 0) { return code }
    return mdb_cursor_get(cursor, &key, &value, MDB_PREV)
  }

  // MARK: Long paths

  private mutating func descend(
    _ key: UnsafeRawBufferPointer, _ link: UnsafeRawBufferPointer
  ) throws(PersistencyError) {
    let node = try LMDBLayout.node(link)
    if levels.count == LMDBLayout.maximumDepth { throw .lmdbLayout("its nodes go round in circles") }
    let above = keep(UnsafeRawBufferPointer(rebasing: key.dropLast())).count
    let startsInside = level.low.isLink && lmdbOrder(key, level.low.key) == 0
    let stopsInside = level.high.isLink && lmdbOrder(key, level.high.key) == 0
    levels.append(level)
    level = Level(
      node: node, above: above,
      low: startsInside ? LMDBLayout.bound(node, start[above...]) : (LMDBLayout.prefix(node), false),
      high: stopsInside ? LMDBLayout.bound(node, stop[above...]) : (LMDBLayout.prefix(node &+ 1), false))
    isFresh = true
  }

  /// Back to the link that the walk went down by.
  private mutating func ascend(to parent: Level) throws(PersistencyError) {
    let link = (parent.node == 0 ? [] : LMDBLayout.prefix(parent.node)) + assembled[parent.above..<level.above] + [0]
    level = parent
    let code = link.withUnsafeBytes { bytes in
      var key = MDB_val(bytes)
      return mdb_cursor_get(cursor, &key, nil, MDB_SET)
    }
    if code != 0 { throw lmdbError(code, "walking back") }
  }

  /// Puts what a stored key has of the path behind what is above its node.
  private mutating func keep(_ key: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    if assembled.isEmpty { assembled = .allocate(byteCount: LMDBLayout.pathBytes + LMDBLayout.linkBytes, alignment: 1) }
    let segment = UnsafeRawBufferPointer(rebasing: key[(level.node == 0 ? 0 : LMDBLayout.nodeHeader)...])
    UnsafeMutableRawBufferPointer(rebasing: assembled[level.above...]).copyMemory(from: segment)
    return UnsafeRawBufferPointer(rebasing: assembled[..<(level.above + segment.count)])
  }
}
