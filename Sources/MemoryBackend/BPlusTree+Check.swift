internal import PersistencyCore

extension BPlusTree {
  /// What is wrong with the tree, a sentence each; a sound one gives nothing.
  ///
  /// - Complexity: O(*n*).
  func flaws() -> [String] {
    var check = Check()
    let rows = check.examine(root, from: nil, to: nil, depth: 0, isRoot: true)
    if rows != count { check.flaws.append("\(rows) rows where \(count) are counted") }
    return check.flaws
  }

  private struct Check {
    var flaws: [String] = []
    var leafDepth: Int?

    /// - Returns: The rows below.
    mutating func examine(_ node: Node, from low: Key?, to high: Key?, depth: Int, isRoot: Bool) -> Int {
      if node.fill > Node.capacity { flaws.append("a node of \(node.fill) at depth \(depth)") }
      if node.fill == 0, !isRoot || !node.isLeaf { flaws.append("an empty node at depth \(depth)") }
      if node.fill != node.rows.count + node.children.count { flaws.append("a node's count is not its own") }
      if node.isLeaf {
        if !node.children.isEmpty { flaws.append("a leaf with children at depth \(depth)") }
        if let leafDepth, leafDepth != depth { flaws.append("leaves at depths \(leafDepth) and \(depth)") }
        leafDepth = depth
        examine(node.rows.map(\.key), words(of: node)[...], sharing: node.shared, from: low, to: high)
        return node.rows.count
      }
      if !node.rows.isEmpty { flaws.append("an inner node with rows at depth \(depth)") }
      if isRoot, node.fill < 2 { flaws.append("an inner root of \(node.fill)") }
      examine(
        node.children.dropFirst().map(\.low), words(of: node).dropFirst(), sharing: node.shared, from: low, to: high)
      var total = 0
      for (index, child) in node.children.enumerated() {
        let below = examine(
          child.node, from: index == 0 ? low : child.low,
          to: index + 1 < node.children.count ? node.children[index + 1].low : high, depth: depth + 1, isRoot: false)
        if below != child.count { flaws.append("a child of \(below) rows counted as \(child.count)") }
        total += below
      }
      return total
    }

    private func words(of node: Node) -> [UInt64] {
      unsafe Array(UnsafeBufferPointer(start: node.words, count: min(max(node.fill, 0), Node.capacity + 1)))
    }

    mutating func examine(
      _ keys: [Key], _ words: ArraySlice<UInt64>, sharing shared: Int, from low: Key?, to high: Key?
    ) {
      var previous: Key?
      for (key, word) in zip(keys, words) {
        if key.orderWord(after: shared) != word { flaws.append("key \(key) has another key's word") }
        if key.byteCount < shared || !key.bytes.starts(with: keys[0].bytes.prefix(shared)) {
          flaws.append("key \(key) does not share \(shared) bytes")
        }
        if let previous, previous >= key { flaws.append("key \(key) is out of order") }
        if let low, key < low { flaws.append("key \(key) is left of its node") }
        if let high, key >= high { flaws.append("key \(key) is right of its node") }
        previous = key
      }
    }
  }
}
