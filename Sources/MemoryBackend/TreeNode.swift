internal import PersistencyCore

/// A leaf with rows, or an inner node with children; behind it, in the same block of memory, the words of its keys, which is
/// all that most searches read.
final class TreeNode<Value: Sendable>: ManagedBuffer<TreeContent<Value>, UInt64> {
  // Its content is read and changed in place, without a check of exclusive access: a node is changed only by who alone
  // refers to it and holds the tree exclusively, which is checked where the tree is kept.

  typealias Row = TreeContent<Value>.Row
  typealias Child = TreeContent<Value>.Child

  /// Rows of a leaf, or children of an inner node, at most.
  static var capacity: Int { 64 }
  /// Below this a node is merged with a neighbour, or takes from it.
  static var minimum: Int { 16 }

  /// An empty node.
  static func make(isLeaf: Bool) -> TreeNode {
    // A child more than fits is there for a moment, before its node is split.
    let node = create(minimumCapacity: capacity + 1) { node in
      unsafe node.withUnsafeMutablePointerToElements { unsafe $0.initialize(repeating: 0, count: capacity + 1) }
      return TreeContent(isLeaf: isLeaf)
    }
    return unsafe unsafeDowncast(node, to: TreeNode.self)
  }

  @inline(__always)
  private var content: UnsafeMutablePointer<TreeContent<Value>> {
    unsafe withUnsafeMutablePointerToHeader { unsafe $0 }
  }

  @inline(__always) var isLeaf: Bool { unsafe content.pointee.isLeaf }

  /// First bytes that all keys of a leaf, or all bounds of an inner node, have in common; they may have more.
  @inline(__always) var shared: Int {
    _read { yield unsafe content.pointee.shared }
    _modify { yield unsafe &content.pointee.shared }
  }

  @inline(__always) var rows: [Row] {
    _read { yield unsafe content.pointee.rows }
    _modify { yield unsafe &content.pointee.rows }
  }

  @inline(__always) var children: [Child] {
    _read { yield unsafe content.pointee.children }
    _modify { yield unsafe &content.pointee.children }
  }

  /// Of each row's key, or each child's bound, after what they share: as many as there are rows, or children.
  @inline(__always) var words: UnsafeMutablePointer<UInt64> {
    unsafe withUnsafeMutablePointerToElements { unsafe $0 }
  }

  /// Rows or children: here again, because a search would wait for the array that knows it.
  @inline(__always)
  private(set) var fill: Int {
    get { unsafe content.pointee.fill }
    set { unsafe content.pointee.fill = newValue }
  }

  /// Notes that rows or children were added or removed.
  @inline(__always)
  func recount() { fill = isLeaf ? rows.count : children.count }

  /// The rows of this node and below.
  var total: Int { isLeaf ? rows.count : children.reduce(0) { $0 + $1.count } }

  /// A node of one's own with the same content, and room to grow where it is not the root of a small tree: of those a process
  /// may have thousands.
  func copy() -> TreeNode {
    let node = TreeNode.make(isLeaf: isLeaf)
    node.shared = shared
    node.fill = fill
    if fill >= Self.minimum { node.reserve() }
    unsafe node.words.update(from: words, count: fill)
    if isLeaf {
      node.rows.append(contentsOf: rows)
    } else {
      node.children.append(contentsOf: children)
    }
    return node
  }

  /// Makes room for all that it may come to hold.
  func reserve() {
    if isLeaf { rows.reserveCapacity(Self.capacity) } else { children.reserveCapacity(Self.capacity + 1) }
  }

  /// Makes `node` one that nobody else refers to.
  @inline(__always)
  static func own(_ node: inout TreeNode) {
    if !isKnownUniquelyReferenced(&node) { node = node.copy() }
  }
}

// MARK: Changing rows and children together with their words

extension TreeNode {
  func insert(_ row: Row, at index: Int) {
    openWord(at: index, of: rows.count, row.key)
    rows.insert(row, at: index)
    recount()
  }

  func insert(_ child: Child, at index: Int) {
    openWord(at: index, of: children.count, child.low)
    children.insert(child, at: index)
    recount()
  }

  func removeRows(_ range: Range<Int>) {
    closeWords(range, of: rows.count)
    rows.removeSubrange(range)
    recount()
  }

  func removeChildren(_ range: Range<Int>) {
    closeWords(range, of: children.count)
    children.removeSubrange(range)
    recount()
  }

  private func openWord(at index: Int, of count: Int, _ key: Key) {
    unsafe (words + index + 1).update(from: words + index, count: count - index)
    unsafe words[index] = key.orderWord(after: shared)
  }

  private func closeWords(_ range: Range<Int>, of count: Int) {
    unsafe (words + range.lowerBound).update(from: words + range.upperBound, count: count - range.upperBound)
  }
}

/// What a node has beside its words.
struct TreeContent<Value: Sendable> {
  struct Row {
    /// First, so that a pointer to the row is one to its key (``TreeNode/lent(_:)``).
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
    var node: TreeNode<Value>
  }

  let isLeaf: Bool
  var shared = 0
  var fill = 0
  var rows: [Row] = []
  var children: [Child] = []

  init(isLeaf: Bool) { self.isLeaf = isLeaf }
}
