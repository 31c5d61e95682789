internal import PersistencyCore

extension BPlusTree {
  /// Stores `value` under `key`, over an earlier one.
  mutating func insert(_ key: Key, _ value: Value) {
    update(key, default: value) { $0 = value }
  }

  /// Changes the value of `key` in place, starting from `initial` when it has none.
  mutating func update<R>(
    _ key: Key, default initial: @autoclosure () -> Value, _ body: (inout Value) -> R
  ) -> R {
    var step = Insertion(key: key)
    let result = unsafe key.withUnsafeBytes { bytes in
      unsafe Self.update(&root, RawSpan(_unsafeBytes: bytes), &step, initial, body)
    }
    if step.grew { grow(by: 1) }
    if let right = step.split {
      let left = root
      root = Node.make(isLeaf: false)
      root.reserve()
      root.children.append(Node.Child(low: Key(), count: count - right.count, node: left))
      root.children.append(right)
      root.reshare()
    }
    return result
  }

  /// What an insertion carries down the tree, and brings back.
  private struct Insertion {
    let key: Key
    /// Whether there is one more row.
    var grew = false
    /// The new right neighbour of the node that was just left.
    var split: Node.Child?
  }

  private static func update<R>(
    _ node: inout Node, _ key: RawSpan, _ step: inout Insertion, _ initial: () -> Value, _ body: (inout Value) -> R
  ) -> R {
    Node.own(&node)
    if node.isLeaf {
      let (index, found) = node.rowIndex(key)
      if found { return body(&node.rows[index].value) }
      var value = initial()
      let result = body(&value)
      step.grew = true
      step.split = node.split(inserting: Node.Row(key: step.key, value: value), at: index)
      return result
    }
    let index = node.childIndex(key)
    let result = update(&node.children[index].node, key, &step, initial, body)
    if step.grew { node.children[index].count += 1 }
    if let right = step.split {
      node.children[index].count -= right.count
      step.split = node.split(inserting: right, at: index + 1)
    }
    return result
  }
}

extension TreeNode {
  /// Puts a row into a leaf of one's own; a full one gives up a part, which is returned.
  fileprivate func split(inserting row: Row, at index: Int) -> Child? {
    if rows.count < Self.capacity {
      admit(row.key)
      insert(row, at: index)
      return nil
    }
    let right = TreeNode.make(isLeaf: true)
    right.reserve()
    if index == rows.count {
      // Keys that come in order leave full leaves behind.
      right.rows.append(row)
    } else {
      let half = Self.capacity / 2
      right.rows.append(contentsOf: rows[half...])
      rows.removeSubrange(half...)
      if index <= half { rows.insert(row, at: index) } else { right.rows.insert(row, at: index - half) }
      reshare()
    }
    right.reshare()
    return Child(low: right.rows[0].key, count: right.rows.count, node: right)
  }

  /// Puts a child into an inner node of one's own; one that is over-full gives up a part, which is returned.
  fileprivate func split(inserting child: Child, at index: Int) -> Child? {
    admit(child.low)
    insert(child, at: index)
    if children.count <= Self.capacity { return nil }
    let right = TreeNode.make(isLeaf: false)
    right.reserve()
    let half = index == children.count - 1 ? children.count - 1 : children.count / 2
    right.children.append(contentsOf: children[half...])
    children.removeSubrange(half...)
    reshare()
    right.reshare()
    return Child(low: right.children[0].low, count: right.total, node: right)
  }
}
