internal import PersistencyCore

// Searches compare bytes where they lie (`lent`): the node that is searched keeps them.

extension TreeNode {
  /// The first row whose key does not come before `key`, and whether it is that key.
  @inline(__always)
  func rowIndex(_ key: RawSpan) -> (index: Int, found: Bool) {
    if shared > 0, !rows.isEmpty {
      let side = unsafe rows.withUnsafeBufferPointer { rows -> Int in unsafe self.side(of: key, Self.lent(rows, 0)) }
      if side != 0 { return (side < 0 ? 0 : rows.count, false) }
    }
    return rowIndexAssumingShared(key)
  }

  /// As ``rowIndex(_:)`` for a key that begins with what the node shares; for another it is not found, at no index.
  @inline(__always)
  func rowIndexAssumingShared(_ key: RawSpan) -> (index: Int, found: Bool) {
    unsafe rows.withUnsafeBufferPointer { rows in
      let word = key.orderWord(after: shared)
      let words = unsafe words
      var low = 0
      var high = fill
      while low < high {
        let middle = (low + high) >> 1
        let other = unsafe words[middle]
        if other < word {
          low = middle + 1
        } else if other > word {
          high = middle
        } else {
          let order = unsafe RawSpan(_unsafeBytes: Self.lent(rows, middle)).order(to: key)
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
    unsafe children.withUnsafeBufferPointer { children in
      if shared > 0, fill > 1 {
        let side = unsafe self.side(of: key, Self.lent(children, 1))
        if side != 0 { return side < 0 ? 0 : fill - 1 }
      }
      let word = key.orderWord(after: shared)
      let words = unsafe words
      var low = 1
      var high = fill
      while low < high {
        let middle = (low + high) >> 1
        let other = unsafe words[middle]
        if other < word {
          low = middle + 1
        } else if other > word {
          high = middle
        } else if unsafe RawSpan(_unsafeBytes: Self.lent(children, middle)).order(to: key) <= 0 {
          low = middle + 1
        } else {
          high = middle
        }
      }
      return low - 1
    }
  }

  func rowIndex(_ key: LentKey) -> Int { unsafe rowIndex(RawSpan(_unsafeBytes: key)).index }
  func childIndex(_ key: LentKey) -> Int { unsafe childIndex(RawSpan(_unsafeBytes: key)) }

  /// Where `key` lies among keys that begin with the shared bytes of `other`: below 0 before all of them, above 0 after
  /// all, 0 when it begins with them too.
  @inline(__always)
  private func side(of key: RawSpan, _ other: LentKey) -> Int {
    let head = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: other.prefix(shared)))
    return key.extracting(0..<min(key.byteCount, shared)).order(to: head)
  }

  /// The bytes of a row's key, for who knows that the row stays.
  @inline(__always)
  static func lent(_ row: UnsafePointer<Row>) -> LentKey {
    unsafe Key.unsafeBytes(at: UnsafeRawPointer(row).assumingMemoryBound(to: Key.self))
  }

  @inline(__always)
  private static func lent(_ rows: UnsafeBufferPointer<Row>, _ index: Int) -> LentKey {
    guard let base = rows.baseAddress else { return LentKey(start: nil, count: 0) }
    return unsafe lent(base + index)
  }

  /// The same for the bound of a child.
  @inline(__always)
  private static func lent(_ children: UnsafeBufferPointer<Child>, _ index: Int) -> LentKey {
    guard let base = children.baseAddress else { return LentKey(start: nil, count: 0) }
    return unsafe Key.unsafeBytes(at: UnsafeRawPointer(base + index).assumingMemoryBound(to: Key.self))
  }
}

extension BPlusTree {
  /// The value of `key`, or nil.
  @inline(__always)
  func value(of key: Key) -> Value? {
    unsafe key.withUnsafeBytes { unsafe value(of: RawSpan(_unsafeBytes: $0)) }
  }

  func value(of key: RawSpan) -> Value? {
    var node = root
    while !node.isLeaf { node = node.children[node.childIndex(key)].node }
    let (index, found) = node.rowIndexAssumingShared(key)
    return found ? node.rows[index].value : nil
  }

  /// How many keys come before `key`.
  private func rank(of key: RawSpan) -> Int {
    var node = root
    var before = 0
    while !node.isLeaf {
      let index = node.childIndex(key)
      for left in 0..<index { before += node.children[left].count }
      node = node.children[index].node
    }
    return before + node.rowIndex(key).index
  }

  /// How many keys are in a range.
  func count(_ range: KeyRange) -> Int {
    unsafe range.lend { start, stop in
      let end = unsafe stop.map { unsafe rank(of: RawSpan(_unsafeBytes: $0)) } ?? count
      return unsafe max(0, end - (start.map { unsafe rank(of: RawSpan(_unsafeBytes: $0)) } ?? 0))
    }
  }
}

/// The bytes of a key or a bound, for the length of one call.
typealias LentKey = UnsafeRawBufferPointer

extension KeyRange {
  /// Lends both bounds; nil where there is none.
  @inline(__always)
  func lend<R, E: Error>(_ body: (_ start: LentKey?, _ stop: LentKey?) throws(E) -> R) throws(E) -> R {
    unsafe try start.withUnsafeBytes { (start) throws(E) -> R in
      let start = unsafe start.isEmpty ? nil : start
      guard let stop else { return unsafe try body(start, nil) }
      return unsafe try stop.withUnsafeBytes { (stop) throws(E) -> R in unsafe try body(start, stop) }
    }
  }
}
