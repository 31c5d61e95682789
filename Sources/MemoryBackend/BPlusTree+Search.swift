// Searches compare bytes where they lie (`lent`): the node that is searched keeps them.

extension TreeNode {
  /// The first row whose key does not come before `key`, and whether it is that key.
  @inline(__always)
  func rowIndex(_ key: RawSpan) -> (index: Int, found: Bool) {
    if shared > 0, !rows.isEmpty {
      let side = side(of: key, rows[0].key)
      if side != 0 { return (side < 0 ? 0 : rows.count, false) }
    }
    return rowIndexAssumingShared(key)
  }

  /// As ``rowIndex(_:)`` for a key that begins with what the node shares; for another it is not found, at no index.
  @inline(__always)
  func rowIndexAssumingShared(_ key: RawSpan) -> (index: Int, found: Bool) {
    let word = word(key)
    return unsafe rows.withUnsafeBufferPointer { rows in
      var low = 0
      var high = rows.count
      while low < high {
        let middle = (low + high) >> 1
        let other = unsafe rows[middle].word
        if other < word {
          low = middle + 1
        } else if other > word {
          high = middle
        } else {
          let order = unsafe RawSpan(_unsafeBytes: rows[middle].key.lent).order(to: key)
          if order == 0 { return (middle, true) }
          if order < 0 { low = middle + 1 } else { high = middle }
        }
      }
      return (low, false)
    }
  }

  /// The child that has `key`, if any has.
  @inline(__always)
  func childIndex(_ key: RawSpan) -> Int {
    if shared > 0, children.count > 1 {
      let side = side(of: key, children[1].low)
      if side != 0 { return side < 0 ? 0 : children.count - 1 }
    }
    let word = word(key)
    return unsafe children.withUnsafeBufferPointer { children in
      var low = 1
      var high = children.count
      while low < high {
        let middle = (low + high) >> 1
        let other = unsafe children[middle].word
        if other < word {
          low = middle + 1
        } else if other > word {
          high = middle
        } else if unsafe RawSpan(_unsafeBytes: children[middle].low.lent).order(to: key) <= 0 {
          low = middle + 1
        } else {
          high = middle
        }
      }
      return low - 1
    }
  }
}

extension BPlusTree {
  /// The value of `key`, or nil.
  func value(of key: RawSpan) -> Value? {
    var node = root
    while !node.isLeaf { node = node.children[node.childIndex(key)].node }
    let (index, found) = node.rowIndexAssumingShared(key)
    return found ? node.rows[index].value : nil
  }

  /// How many keys come before `key`.
  func rank(of key: RawSpan) -> Int {
    var node = root
    var before = 0
    while !node.isLeaf {
      let index = node.childIndex(key)
      for left in 0..<index { before += node.children[left].count }
      node = node.children[index].node
    }
    return before + node.rowIndex(key).index
  }

  /// How many keys are in [start, stop); a nil stop is no bound.
  func count(from start: [UInt8], to stop: [UInt8]?) -> Int {
    let end = stop.map { rank(of: $0.span.bytes) } ?? count
    return max(0, end - (start.isEmpty ? 0 : rank(of: start.span.bytes)))
  }
}
