/// What one pass over the entries of a store has shown of its layout (``LMDBLayout``).
struct LMDBCheck {
  private(set) var findings: [CheckFinding] = []
  private var hasFormat = false
  /// The nodes that have rows.
  private var nodes: Set<NodeID> = []
  /// Where links lead to, by the node they stand in; the root is 0.
  private var links: [NodeID: [NodeID]] = [:]

  /// Takes one entry, in order.
  mutating func see(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    switch key.first {
    case LMDBLayout.nodeTag: seeNode(key, value)
    case 0xFE where key.elementsEqual(LMDBLayout.formatKey): hasFormat = value.count == 4
    case .some(0xF8...), nil: find("an entry that is no row, with a key of \(key.count) bytes")
    default: seeRoot(key, value)
    }
  }

  /// Looks at how nodes and links fit, after the last entry.
  mutating func finish() {
    if !hasFormat { find("the format record is missing") }
    var pending: [NodeID] = [0]
    var reached: Set<NodeID> = []
    while let node = pending.popLast() {
      for child in links[node] ?? [] {
        if !nodes.contains(child) { find("a link leads to node \(child), which has no row") }
        if reached.insert(child).inserted {
          pending.append(child)
        } else {
          find("two links lead to node \(child)")
        }
      }
    }
    for node in nodes.subtracting(reached).sorted() { find("node \(node) has rows, and no link leads to it") }
  }

  private mutating func seeRoot(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    // The longest category fills the root's part of a path; its terminator is then the first byte in the node.
    let isLink = key.count == LMDBLayout.linkBytes
    guard let head = LMDBLayout.headCount(key), LMDBLayout.category(key[..<(head - 1)]) != nil else {
      find("a row of the root without a category, or with a malformed one")
      return
    }
    if isLink { seeLink(from: 0, key, value) }
  }

  private mutating func seeNode(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    guard key.count > LMDBLayout.nodeHeader,
      let node = try? LMDBLayout.node(UnsafeRawBufferPointer(rebasing: key[1..<LMDBLayout.nodeHeader]))
    else {
      find("a node's row with a key of \(key.count) bytes")
      return
    }
    nodes.insert(node)
    if key.count == LMDBLayout.linkBytes { seeLink(from: node, key, value) }
  }

  private mutating func seeLink(
    from node: NodeID, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) {
    if key.last != 0 { find("a link whose key does not end in 0") }
    if let child = try? LMDBLayout.node(value) {
      links[node, default: []].append(child)
    } else {
      find("a link of \(value.count) bytes")
    }
  }

  private mutating func find(_ what: String) {
    findings.append(CheckFinding(what))
  }
}
