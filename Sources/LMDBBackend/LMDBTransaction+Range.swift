import CPersistencyLMDB

extension LMDBTransaction {
  /// Removes the rows with start ≤ path < stop, and every node that they leave empty.
  ///
  /// - Complexity: linear in what is removed, plus two ways down a path of nodes for the bounds.
  func deleteRange(_ start: [UInt8], _ stop: [UInt8]) throws(PersistencyError) {
    guard start.lexicographicallyPrecedes(stop) else { return }
    try deleteRange(in: 0, from: start[...], to: stop[...])
  }

  /// Removes from one node; a nil bound is beyond its rows on that side.
  ///
  /// The bounds are what of the paths lies in the node and below it.
  private func deleteRange(
    in node: NodeID, from start: ArraySlice<UInt8>?, to stop: ArraySlice<UInt8>?
  ) throws(PersistencyError) {
    let low = start.map { LMDBLayout.bound(node, $0) } ?? (key: LMDBLayout.prefix(node), isLink: false)
    let high = stop.map { LMDBLayout.bound(node, $0) } ?? (key: LMDBLayout.prefix(node &+ 1), isLink: false)
    // Nodes that are within the bounds wholly, and the one or two that a bound goes on into.
    var whole: [NodeID] = []
    var partial: [(link: [UInt8], node: NodeID, start: ArraySlice<UInt8>?, stop: ArraySlice<UInt8>?)] = []
    let room = node == 0 ? LMDBLayout.rootBytes : LMDBLayout.nodeBytes

    try withCursor { cursor throws(PersistencyError) in
      var found = try cursor.seek(low.key) == nil ? nil : cursor.step(MDB_GET_CURRENT)
      while let (key, value) = found {
        let order = lmdbOrder(key, high.key)
        if order > 0 || (order == 0 && !high.isLink) { break }
        if key.count < LMDBLayout.linkBytes {
          try cursor.remove()
        } else {
          let child = try LMDBLayout.node(value)
          let startsInside = low.isLink && lmdbOrder(key, low.key) == 0
          let stopsInside = order == 0
          if startsInside || stopsInside {
            partial.append(
              (
                Array(key), child, startsInside ? start?.dropFirst(room) : nil,
                stopsInside ? stop?.dropFirst(room) : nil
              ))
          } else {
            whole.append(child)
            try cursor.remove()
          }
        }
        found = try cursor.step(MDB_NEXT)
      }
      while let child = whole.popLast() { whole += try removeNode(child, cursor) }
    }
    for link in partial {
      try deleteRange(in: link.node, from: link.start, to: link.stop)
      if try isEmpty(link.node) {
        _ = try link.link.withBytes { key throws(PersistencyError) in try remove(key) }
      }
    }
  }

  /// Removes all rows of a node.
  ///
  /// - Returns: The nodes that its links led to.
  private func removeNode(_ node: NodeID, _ cursor: OpaquePointer) throws(PersistencyError) -> [NodeID] {
    let prefix = LMDBLayout.prefix(node)
    var children: [NodeID] = []
    var found = try cursor.seek(prefix) == nil ? nil : cursor.step(MDB_GET_CURRENT)
    while let (key, value) = found, key.starts(with: prefix) {
      if key.count == LMDBLayout.linkBytes { children.append(try LMDBLayout.node(value)) }
      try cursor.remove()
      found = try cursor.step(MDB_NEXT)
    }
    return children
  }
}

extension OpaquePointer {
  /// Removes the entry that an MDB_cursor is at; `MDB_NEXT` then gives the one after it.
  fileprivate func remove() throws(PersistencyError) {
    let code = mdb_cursor_del(self, 0)
    if code != 0 { throw lmdbError(code, "deleting") }
  }
}
