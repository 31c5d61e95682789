internal import PersistencyCore

extension BPlusTree {
  /// Removes the row of `key`; false when there is none, and then nothing is copied.
  mutating func remove(_ key: Key) -> Bool {
    guard value(of: key) != nil else { return false }
    unsafe key.withUnsafeBytes { unsafe Self.remove(RawSpan(_unsafeBytes: $0), from: &root) }
    shrunk(by: 1)
    return true
  }

  /// Removes the rows of a range, dropping whole subtrees between the two paths to its edges.
  mutating func remove(_ range: KeyRange) {
    let gone = count(range)
    if gone == 0 { return }
    if gone == count { return removeAll() }
    unsafe range.lend { start, stop in unsafe Self.remove(from: start, to: stop, in: &root) }
    shrunk(by: gone)
  }

  private mutating func shrunk(by rows: Int) {
    grow(by: -rows)
    while !root.isLeaf, root.children.count == 1 { root = root.children[0].node }
  }

  private static func remove(_ key: RawSpan, from node: inout Node) {
    Node.own(&node)
    if node.isLeaf {
      let (index, found) = node.rowIndex(key)
      if found { node.removeRows(index..<index + 1) }
      return
    }
    let index = node.childIndex(key)
    remove(key, from: &node.children[index].node)
    node.children[index].count -= 1
    node.mend(index)
  }

  /// No start and no stop are no bounds; not both at once, below the root.
  private static func remove(from start: LentKey?, to stop: LentKey?, in node: inout Node) {
    Node.own(&node)
    if node.isLeaf {
      let first = unsafe start.map { unsafe node.rowIndex($0) } ?? 0
      let last = unsafe stop.map { unsafe node.rowIndex($0) } ?? node.rows.count
      node.removeRows(first..<last)
      return
    }
    // The children that the bounds cut through; those between go whole.
    let first = unsafe start.map { unsafe node.childIndex($0) } ?? -1
    let last = unsafe stop.map { unsafe node.childIndex($0) } ?? node.children.count
    if first == last {
      node.cut(first, from: start, to: stop)
      return node.mend(first)
    }
    if last < node.children.count { node.cut(last, from: nil, to: stop) }
    if first >= 0 { node.cut(first, from: start, to: nil) }
    node.removeChildren(first + 1..<last)
    if first + 1 < node.children.count { node.mend(first + 1) }
    if first >= 0, first < node.children.count { node.mend(first) }
  }

  fileprivate static func cut(_ child: inout Node.Child, from start: LentKey?, to stop: LentKey?) {
    remove(from: start, to: stop, in: &child.node)
    child.count = child.node.total
  }
}

extension TreeNode {
  fileprivate func cut(_ index: Int, from start: LentKey?, to stop: LentKey?) {
    BPlusTree.cut(&children[index], from: start, to: stop)
  }

  /// Merges a child that holds too little with a neighbour, or evens the two out.
  fileprivate func mend(_ index: Int) {
    guard children[index].node.fill < Self.minimum else { return }
    guard children.count > 1 else {
      // Left alone and empty: then this node is empty too, and its parent mends that.
      if children[index].node.fill == 0 { removeChildren(index..<index + 1) }
      return
    }
    let left = index > 0 ? index - 1 : 0
    Self.own(&children[left].node)
    Self.own(&children[left + 1].node)
    let (a, b) = (children[left].node, children[left + 1].node)
    if !b.isLeaf, !b.children.isEmpty {
      // Its first child's bound, unused so far, is the bound between the two.
      b.children[0].low = children[left + 1].low
    }
    if a.fill + b.fill <= Self.capacity {
      a.rows.append(contentsOf: b.rows)
      a.children.append(contentsOf: b.children)
      children[left].count += children[left + 1].count
      removeChildren(left + 1..<left + 2)
      return a.reshare()
    }
    a.even(with: b)
    children[left].count = a.total
    children[left + 1].count = b.total
    children[left + 1].low = b.isLeaf ? b.rows[0].key : b.children[0].low
    a.reshare()
    b.reshare()
    reshare()
  }

  /// Moves rows or children between this node and its right neighbour until they differ by one at most.
  private func even(with right: TreeNode) {
    let half = (fill + right.fill) / 2
    if fill < half {
      let moved = half - fill
      rows.append(contentsOf: right.rows.prefix(isLeaf ? moved : 0))
      children.append(contentsOf: right.children.prefix(isLeaf ? 0 : moved))
      if isLeaf { right.rows.removeFirst(moved) } else { right.children.removeFirst(moved) }
    } else if isLeaf {
      right.rows.insert(contentsOf: rows[half...], at: 0)
      rows.removeSubrange(half...)
    } else {
      right.children.insert(contentsOf: children[half...], at: 0)
      children.removeSubrange(half...)
    }
  }
}
