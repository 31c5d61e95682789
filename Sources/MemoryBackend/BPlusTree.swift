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
struct BPlusTree<Value: Sendable>: Sendable {
  typealias Node = TreeNode<Value>

  var root = Node(isLeaf: true)
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// Forgets every row, without touching one.
  mutating func removeAll() {
    root = Node(isLeaf: true)
    count = 0
  }

  mutating func grow(by rows: Int) { count += rows }
}

/// A leaf with rows, or an inner node with children.
final class TreeNode<Value: Sendable>: @unchecked Sendable {
  // Sendable: a node is changed only by who alone refers to it (`isKnownUniquelyReferenced` on every step from the
  // root, which itself is reached through a variable of the caller's); once shared it is immutable. That is why its
  // properties need no check of exclusive access either: whoever changes a node holds the tree exclusively, and that
  // variable is checked.

  /// Rows of a leaf, or children of an inner node, at most.
  static var capacity: Int { 64 }
  /// Below this a node is merged with a neighbour, or takes from it.
  static var minimum: Int { 16 }

  struct Row {
    /// First, so that a pointer to the row is one to its key (``lent(_:)``).
    let key: Key
    var value: Value
  }

  struct Child {
    /// A bound: no key in this child comes before it, and every key of the child to the left does.
    ///
    /// The first child's is unused. First, as ``Row/key`` is.
    var low: Key
    /// The rows below.
    var count: Int
    var node: TreeNode
  }

  let isLeaf: Bool
  /// First bytes that all keys of a leaf, or all bounds of an inner node, have in common; they may have more.
  @exclusivity(unchecked) var shared = 0
  /// Of each row's key, or each child's bound, after what they share: by themselves, because a search reads little else.
  @exclusivity(unchecked) var words: [UInt64] = []
  @exclusivity(unchecked) var rows: [Row] = []
  @exclusivity(unchecked) var children: [Child] = []

  init(isLeaf: Bool) { self.isLeaf = isLeaf }

  /// Rows or children.
  var fill: Int { isLeaf ? rows.count : children.count }

  /// The rows of this node and below.
  var total: Int { isLeaf ? rows.count : children.reduce(0) { $0 + $1.count } }

  /// A node of one's own with the same content, and room to grow.
  func copy() -> TreeNode {
    let node = TreeNode(isLeaf: isLeaf)
    node.shared = shared
    node.reserve()
    node.words.append(contentsOf: words)
    if isLeaf {
      node.rows.append(contentsOf: rows)
    } else {
      node.children.append(contentsOf: children)
    }
    return node
  }

  /// Makes room for all that it may come to hold.
  func reserve() {
    // A child more than fits is there for a moment, before its node is split.
    words.reserveCapacity(Self.capacity + 1)
    if isLeaf { rows.reserveCapacity(Self.capacity) } else { children.reserveCapacity(Self.capacity + 1) }
  }

  /// Makes `node` one that nobody else refers to.
  @inline(__always)
  static func own(_ node: inout TreeNode) {
    if !isKnownUniquelyReferenced(&node) { node = node.copy() }
  }
}
