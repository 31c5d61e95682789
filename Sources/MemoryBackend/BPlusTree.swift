internal import PersistencyCore

/// An ordered map from keys to values: a copy-on-write B+tree.
///
/// A copy costs one retain and is a snapshot: nodes are shared until one side changes, and then only the path to the
/// change is copied. Each node knows how many first bytes all its keys share, and keeps the eight bytes after those
/// as a number for every key, so that most comparisons touch no key, however long a prefix the keys have; inner nodes
/// know how many rows each child has, so that ``count(_:)`` is O(log *n*).
///
/// All leaves are at one depth. No node but the root is empty; after a range is removed a node at its edge may hold
/// less than ``TreeNode/minimum`` until a removal beside it mends that.
struct BPlusTree<Value: Sendable>: @unchecked Sendable {
  // Sendable: a node is changed only by who alone refers to it (`isKnownUniquelyReferenced` on every step from the
  // root, which is a variable of the tree's owner); once shared it is immutable.

  typealias Node = TreeNode<Value>

  var root = Node.make(isLeaf: true)
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// Forgets every row, without touching one.
  mutating func removeAll() {
    root = Node.make(isLeaf: true)
    count = 0
  }

  mutating func grow(by rows: Int) { count += rows }
}
