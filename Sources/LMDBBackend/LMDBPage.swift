#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A branch or leaf page, as it was read.
///
/// Its number (8 bytes), a pad (2), flags (2), the bounds of its free space (2 + 2), the offsets of its nodes (2 each), in
/// order of their keys; the nodes themselves fill the end of the page without a gap. A node has the size of its data (4) or the page that it leads to (6),
/// flags (2, but for a branch), the size of its key (2), the key, and in a leaf the data, or the page (8) where they
/// begin, if they are too large.
struct LMDBPage {
  let bytes: UnsafeRawBufferPointer

  static let header = 16
  private static let nodeHeader = 8
  /// On a node: its data is in a run of pages.
  private static let large: UInt16 = 1

  enum Kind: UInt16 { case branch = 1, leaf = 2 }

  var number: UInt64 { load(0, UInt64.self) }
  private var flags: UInt16 { load(10, UInt16.self) }
  private var lower: Int { Int(load(12, UInt16.self)) }
  private var upper: Int { Int(load(14, UInt16.self)) }
  var count: Int { (lower - Self.header) / 2 }

  /// One node of a well-formed page.
  struct Node {
    fileprivate let page: LMDBPage
    fileprivate let offset: Int

    var key: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: page.bytes[(offset + nodeHeader)..<(offset + nodeHeader + keySize)])
    }
    fileprivate var keySize: Int { Int(page.load(offset + 6, UInt16.self)) }
    fileprivate var flags: UInt16 { page.load(offset + 4, UInt16.self) }
    /// In a branch: the page below.
    var child: UInt64 { UInt64(page.load(offset, UInt32.self)) | UInt64(flags) << 32 }
    /// In a leaf: the size of its data.
    var dataSize: Int { Int(page.load(offset, UInt32.self)) }
    var isLarge: Bool { flags & large != 0 }
    /// In a leaf, with large data: the page where they begin.
    var overflow: UInt64 { page.load(offset + nodeHeader + keySize, UInt64.self) }
    /// In a leaf, with small data.
    var data: UnsafeRawBufferPointer {
      let start = offset + nodeHeader + keySize
      return UnsafeRawBufferPointer(rebasing: page.bytes[start..<(start + dataSize)])
    }
  }

  func node(_ index: Int) -> Node { Node(page: self, offset: Int(load(Self.header + 2 * index, UInt16.self))) }

  /// Whether the page is what it should be, and its nodes lie in it side by side: then they may be looked at.
  ///
  /// - Parameter sizes: Room for the size of a node at each even offset.
  func isWellFormed(_ kind: Kind, number: UInt64, sizes: UnsafeMutableBufferPointer<UInt16>) -> Bool {
    guard self.number == number, flags == kind.rawValue, lower > Self.header, lower & 1 == 0, upper & 1 == 0,
      lower <= upper, upper < bytes.count
    else { return false }
    sizes.update(repeating: 0)
    for index in 0..<count {
      let node = node(index)
      guard node.offset >= upper, node.offset & 1 == 0, node.offset <= bytes.count - Self.nodeHeader else {
        return false
      }
      let room = bytes.count - node.offset - Self.nodeHeader
      var size = node.keySize
      if kind == .leaf {
        guard node.flags & ~Self.large == 0, node.dataSize <= Int(Int32.max) else { return false }
        size += node.isLarge ? 8 : node.dataSize
      }
      guard size <= room else { return false }
      sizes[node.offset / 2] = UInt16((size + Self.nodeHeader + 1) & ~1)
    }
    var offset = upper
    for _ in 0..<count {
      guard offset < bytes.count, sizes[offset / 2] != 0 else { return false }
      offset += Int(sizes[offset / 2])
    }
    return offset == bytes.count
  }

  /// Where large data begin: the number of their pages, which stands in place of the bounds; 0 when it is no such page.
  func runLength(number: UInt64) -> Int {
    self.number == number && flags == 4 ? Int(load(12, UInt32.self)) : 0
  }

  @inline(__always)
  private func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ type: T.Type) -> T {
    bytes.loadUnaligned(fromByteOffset: offset, as: type)
  }
}
