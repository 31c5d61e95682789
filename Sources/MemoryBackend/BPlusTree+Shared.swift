internal import PersistencyCore

// What the keys of a node share. Removing keys changes nothing; a new key may have less in common, and nodes that were
// split, merged or evened out are looked at anew.

extension TreeNode {
  /// One of the keys, or of the bounds in use; nil when there is none.
  private var anyKey: [UInt8]? {
    isLeaf ? rows.first?.key : children.count > 1 ? children[1].low : nil
  }

  /// The word of a key in this node, which shares what the node does.
  @inline(__always)
  func word(_ key: RawSpan) -> UInt64 { key.orderWord(after: shared) }

  /// Shares no more than `key`, which is about to come in, has in common with the others.
  func admit(_ key: [UInt8]) {
    guard shared > 0 else { return }
    let common = anyKey?.common(with: key, most: shared) ?? 0
    if common < shared { share(common) }
  }

  /// Finds out anew what all keys share: what the first and the last of them do.
  func reshare() {
    guard let first = anyKey, let last = isLeaf ? rows.last?.key : children.last?.low else { return share(0) }
    share(first.common(with: last, most: first.count))
  }

  private func share(_ count: Int) {
    shared = count
    for index in rows.indices { rows[index].word = rows[index].key.orderWord(after: count) }
    for index in children.indices { children[index].word = children[index].low.orderWord(after: count) }
  }

  /// Where `key` lies among keys that begin with the shared bytes of `other`: below 0 before all of them, above 0 after
  /// all, 0 when it begins with them too.
  @inline(__always)
  func side(of key: RawSpan, _ other: [UInt8]) -> Int {
    let head = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: other.lent.prefix(shared)))
    return key.extracting(0..<min(key.byteCount, shared)).order(to: head)
  }
}
