internal import PersistencyCore

// What the keys of a node share. Removing keys changes nothing; a new key may have less in common, and nodes that were
// split, merged or evened out are looked at anew.

extension TreeNode {
  /// One of the keys, or of the bounds in use; nil when there is none.
  private var anyKey: Key? {
    isLeaf ? rows.first?.key : children.count > 1 ? children[1].low : nil
  }

  /// Shares no more than `key`, which is about to come in, has in common with the others.
  func admit(_ key: Key) {
    guard shared > 0 else { return }
    let common = anyKey?.common(with: key, most: shared) ?? 0
    if common < shared { share(common) }
  }

  /// Finds out anew what all keys share: what the first and the last of them do.
  func reshare() {
    guard let first = anyKey, let last = isLeaf ? rows.last?.key : children.last?.low else { return share(0) }
    share(first.common(with: last, most: first.byteCount))
  }

  private func share(_ count: Int) {
    shared = count
    recount()
    for index in rows.indices { unsafe words[index] = rows[index].key.orderWord(after: count) }
    for index in children.indices { unsafe words[index] = children[index].low.orderWord(after: count) }
  }
}
