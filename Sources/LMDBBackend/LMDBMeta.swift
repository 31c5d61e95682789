#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One of the two heads of a `data.mdb`, page 0 or 1; commits write them by turns.
///
/// Format: mdb.c of LMDB 0.9, 64-bit, in the machine's byte order.
struct LMDBMeta: Equatable {
  /// One B+tree; its root is all ones while it is empty.
  struct Tree: Equatable {
    let flags: UInt16
    /// Pages on the way from the root to a leaf, both included.
    let depth: Int
    let branches: UInt64
    let leaves: UInt64
    let overflows: UInt64
    let entries: UInt64
    let root: UInt64

    var isEmpty: Bool { root == .max }

    fileprivate init(_ page: UnsafeRawBufferPointer, at offset: Int) {
      flags = page.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self)
      depth = Int(page.loadUnaligned(fromByteOffset: offset + 6, as: UInt16.self))
      branches = page.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
      leaves = page.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)
      overflows = page.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self)
      entries = page.loadUnaligned(fromByteOffset: offset + 32, as: UInt64.self)
      root = page.loadUnaligned(fromByteOffset: offset + 40, as: UInt64.self)
    }
  }

  /// The number of the only commit in a compacted copy.
  static let firstCommit: UInt64 = 1
  /// What of its page a head takes.
  static let bytes = 152

  private let number: UInt64
  private let pageFlags: UInt16
  private let magic: UInt32
  let version: UInt32
  let pageSize: Int
  let mapBytes: UInt64
  /// The pages that may be used again, by the commit that freed them.
  let free: Tree
  let main: Tree
  let lastPage: UInt64
  let transaction: UInt64

  init(_ page: UnsafeRawBufferPointer) {
    number = page.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
    pageFlags = page.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
    magic = page.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
    version = page.loadUnaligned(fromByteOffset: 20, as: UInt32.self)
    mapBytes = page.loadUnaligned(fromByteOffset: 32, as: UInt64.self)
    pageSize = Int(page.loadUnaligned(fromByteOffset: 40, as: UInt32.self))
    free = Tree(page, at: 40)
    main = Tree(page, at: 88)
    lastPage = page.loadUnaligned(fromByteOffset: 136, as: UInt64.self)
    transaction = page.loadUnaligned(fromByteOffset: 144, as: UInt64.self)
  }

  /// Whether it is a head of LMDB's at all, of whatever version.
  var isOfLMDB: Bool {
    pageFlags & 8 != 0 && magic == 0xBEEF_C0DE && pageSize >= 512 && pageSize <= 1 << 15
      && pageSize & (pageSize - 1) == 0
  }

  /// Whether two heads are those of one file of ours, as a commit leaves them.
  ///
  /// LMDB believes them: a wrong flag has it order keys otherwise, a wrong number take an older commit for the latest.
  static func isPair(_ first: LMDBMeta, _ second: LMDBMeta) -> Bool {
    let heads = [first, second]
    let latest = max(first.transaction, second.transaction)
    return first.pageSize == second.pageSize && first.version == second.version
      && latest - min(first.transaction, second.transaction) <= 1 && latest < .max >> 1
      && heads.indices.allSatisfy { index in
        let head = heads[index]
        // A new file has two heads of commit 0.
        return head.number == UInt64(index) && head.pageFlags == 8
          && (head.transaction & 1 == UInt64(index) || head.transaction == 0)
          && head.free.flags == 8 && head.main.flags == 0
          && head.lastPage < head.mapBytes / UInt64(head.pageSize) && head.mapBytes <= 1 << 47
      }
  }
}
