import CPersistencyLMDB

/// The id of a node; the root has 0.
typealias NodeID = UInt64

extension LMDBLayout {
  /// The stored key of the next step on a path, and how much of the path it takes.
  struct Segment {
    /// In the scratch bytes, or in the path itself.
    let key: UnsafeRawBufferPointer
    let isLink: Bool
    let taken: Int
  }

  /// The step from `node` along `rest`, which is what of the path is not taken yet.
  ///
  /// - Parameter scratch: At least ``linkBytes`` bytes.
  static func segment(
    _ node: NodeID, _ rest: UnsafeRawBufferPointer, _ scratch: UnsafeMutableRawBufferPointer
  ) -> Segment {
    let header = node == 0 ? 0 : nodeHeader
    let room = node == 0 ? rootBytes : nodeBytes
    if node == 0 && rest.count <= room { return Segment(key: rest, isLink: false, taken: rest.count) }
    if node != 0 { write(node, to: scratch) }
    let isLink = rest.count > room
    let taken = isLink ? room : rest.count
    UnsafeMutableRawBufferPointer(rebasing: scratch[header...])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<taken]))
    var count = header + taken
    if isLink {
      scratch[count] = 0
      count += 1
    }
    return Segment(key: UnsafeRawBufferPointer(rebasing: scratch[..<count]), isLink: isLink, taken: taken)
  }

  /// The same as bytes of its own, for a bound.
  static func bound(_ node: NodeID, _ rest: ArraySlice<UInt8>) -> (key: [UInt8], isLink: Bool) {
    withUnsafeTemporaryAllocation(byteCount: linkBytes, alignment: 1) { scratch in
      rest.withUnsafeBytes { rest in
        let step = segment(node, rest, scratch)
        return (Array(step.key), step.isLink)
      }
    }
  }

  /// What every stored key of a node begins with; also the least of them, as a bound.
  static func prefix(_ node: NodeID) -> [UInt8] {
    [nodeTag] + bytes(node)
  }

  /// The eight bytes of a link.
  static func bytes(_ node: NodeID) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: node >> (56 - 8 * $0)) }
  }

  /// The node that a link leads to.
  static func node(_ link: UnsafeRawBufferPointer) throws(PersistencyError) -> NodeID {
    guard link.count == 8 else { throw .lmdbLayout("a link of \(link.count) bytes") }
    let node = link.reduce(NodeID(0)) { $0 << 8 | NodeID($1) }
    guard node != 0 else { throw .lmdbLayout("a link to node 0") }
    return node
  }

  private static func write(_ node: NodeID, to scratch: UnsafeMutableRawBufferPointer) {
    scratch[0] = nodeTag
    scratch.storeBytes(of: node.bigEndian, toByteOffset: 1, as: NodeID.self)
  }
}

extension MDB_val {
  /// LMDB reads the bytes and never writes them.
  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
  }

  @inline(__always)
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: mv_data, count: mv_size) }
}
