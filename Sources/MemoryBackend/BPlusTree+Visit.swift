import PersistencyCore

extension BPlusTree {
  /// Lends each row of [start, stop) to `body`, in key order or backwards, until it says `.stop`.
  func visit<E: Error>(
    from start: [UInt8] = [], to stop: [UInt8]? = nil, reverse: Bool = false,
    _ body: (_ row: UnsafePointer<Node.Row>) throws(E) -> Visit
  ) throws(E) {
    if let stop, !start.precedes(stop) { return }
    _ = try root.visit(from: start, to: stop, reverse: reverse, body)
  }
}

extension TreeNode {
  /// An empty start and a nil stop are no bounds.
  fileprivate func visit<E: Error>(
    from start: [UInt8], to stop: [UInt8]?, reverse: Bool,
    _ body: (_ row: UnsafePointer<Row>) throws(E) -> Visit
  ) throws(E) -> Visit {
    if isLeaf {
      let rows = rows
      let first = start.isEmpty ? 0 : rowIndex(start.span.bytes).index
      let last = stop.map { rowIndex($0.span.bytes).index } ?? rows.count
      return try unsafe rows.withUnsafeBufferPointer { (buffer) throws(E) -> Visit in
        guard let base = buffer.baseAddress else { return .next }
        var index = reverse ? last - 1 : first
        while index >= first, index < last {
          if unsafe try body(base + index) == .stop { return .stop }
          index += reverse ? -1 : 1
        }
        return .next
      }
    }
    let first = start.isEmpty ? 0 : childIndex(start.span.bytes)
    let last = stop.map { childIndex($0.span.bytes) } ?? children.count - 1
    var index = reverse ? last : first
    while index >= first, index <= last {
      let child = children[index].node
      let outcome = try child.visit(
        from: index == first ? start : [], to: index == last ? stop : nil, reverse: reverse, body)
      if outcome == .stop { return .stop }
      index += reverse ? -1 : 1
    }
    return .next
  }
}
