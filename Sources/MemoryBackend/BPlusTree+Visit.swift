import PersistencyCore

extension BPlusTree {
  /// Lends each row of a range to `body`, in key order or backwards, until it says `.stop`.
  ///
  /// - Parameters:
  ///   - ahead: How many rows of a leaf are announced before they are visited.
  ///   - announce: Gets each row before `body` does.
  func visit<E: Error>(
    _ range: KeyRange = .all, reverse: Bool = false,
    ahead: Int = 0, announce: (_ row: UnsafePointer<Node.Row>) -> Void = { _ in },
    _ body: (_ row: UnsafePointer<Node.Row>) throws(E) -> Visit
  ) throws(E) {
    if range.isEmpty { return }
    unsafe try range.lend { (start, stop) throws(E) in
      _ = unsafe try root.visit(from: start, to: stop, reverse: reverse, ahead: ahead, announce, body)
    }
  }
}

extension TreeNode {
  /// No start and no stop are no bounds.
  fileprivate func visit<E: Error>(
    from start: LentKey?, to stop: LentKey?, reverse: Bool, ahead: Int,
    _ announce: (_ row: UnsafePointer<Row>) -> Void,
    _ body: (_ row: UnsafePointer<Row>) throws(E) -> Visit
  ) throws(E) -> Visit {
    if isLeaf {
      let rows = rows
      let first = unsafe start.map { unsafe rowIndex($0) } ?? 0
      let last = unsafe stop.map { unsafe rowIndex($0) } ?? rows.count
      return try unsafe rows.withUnsafeBufferPointer { (buffer) throws(E) -> Visit in
        guard let base = buffer.baseAddress else { return .next }
        let step = reverse ? -1 : 1
        var index = reverse ? last - 1 : first
        var next = index
        while index >= first, index < last {
          while next >= first, next < last, abs(next - index) < ahead {
            unsafe announce(base + next)
            next += step
          }
          if unsafe try body(base + index) == .stop { return .stop }
          index += step
        }
        return .next
      }
    }
    let first = unsafe start.map { unsafe childIndex($0) } ?? 0
    let last = unsafe stop.map { unsafe childIndex($0) } ?? children.count - 1
    var index = reverse ? last : first
    while index >= first, index <= last {
      let child = children[index].node
      let outcome = try child.visit(
        from: index == first ? start : nil, to: index == last ? stop : nil, reverse: reverse, ahead: ahead, announce,
        body)
      if outcome == .stop { return .stop }
      index += reverse ? -1 : 1
    }
    return .next
  }
}
