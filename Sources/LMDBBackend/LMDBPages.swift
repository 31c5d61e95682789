#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The pages of a `data.mdb`, read without LMDB, which aborts the process where it comes upon a page that is not there.
///
/// Format: mdb.c of LMDB 0.9, 64-bit, in the machine's byte order. A page begins with its number (8), a pad (2), flags (2) and
/// lower and upper bound of its free space (2 + 2), or the number of pages (4) of an overflow run.
struct LMDBPages {
  let descriptor: Int32
  let size: Int

  struct Meta {
    let version: UInt32
    let pageSize: Int
    /// The roots of the free list and of the main database; all ones when empty.
    let roots: [UInt64]
    let transaction: UInt64
  }

  private enum Flag {
    static let branch: UInt16 = 1
    static let leaf: UInt16 = 2
    static let overflow: UInt16 = 4
    static let meta: UInt16 = 8
    /// On a node: its data is in an overflow run.
    static let large: UInt16 = 1
  }

  /// Both meta pages; nil unless both are LMDB's.
  func metas() -> [Meta]? {
    guard let first = meta(at: 0), first.pageSize >= 512, first.pageSize <= 1 << 16,
      let second = meta(at: first.pageSize)
    else { return nil }
    return [first, second]
  }

  /// Whether every page that the latest transaction can reach lies within the file and is what it should be.
  ///
  /// - Complexity: reads all pages but those of large payloads, of which it reads the first.
  func isWhole() -> Bool {
    guard let meta = metas()?.max(by: { $0.transaction < $1.transaction }) else { return false }
    let count = UInt64(size / meta.pageSize)
    var pending = meta.roots.filter { $0 != .max }
    var seen = pending.count
    while let number = pending.popLast() {
      guard number < count, let page = read(at: Int(number) * meta.pageSize, meta.pageSize),
        page.load(0, UInt64.self) == number, let next = children(page, count, meta.pageSize)
      else { return false }
      pending += next
      seen += next.count
      if seen > count { return false }
    }
    return true
  }

  /// The pages below a branch; none below a leaf, whose overflow runs are looked at here; nil when the page is damaged.
  private func children(_ page: [UInt8], _ count: UInt64, _ pageSize: Int) -> [UInt64]? {
    guard let flags = page.load(10, UInt16.self), let lower = page.load(12, UInt16.self),
      flags == Flag.branch || flags == Flag.leaf, lower >= 16, Int(lower) <= page.count
    else { return nil }
    var numbers: [UInt64] = []
    for slot in stride(from: 16, to: Int(lower), by: 2) {
      guard let node = page.load(slot, UInt16.self).map(Int.init), let low = page.load(node, UInt32.self),
        let nodeFlags = page.load(node + 4, UInt16.self), let keySize = page.load(node + 6, UInt16.self)
      else { return nil }
      if flags == Flag.branch {
        numbers.append(UInt64(low) | UInt64(nodeFlags) << 32)
      } else if nodeFlags & Flag.large != 0 {
        guard let number = page.load(node + 8 + Int(keySize), UInt64.self), number < count,
          let run = read(at: Int(number) * pageSize, 16), run.load(10, UInt16.self) == Flag.overflow,
          let pages = run.load(12, UInt32.self), number + UInt64(pages) <= count
        else { return nil }
      }
    }
    return numbers
  }

  private func meta(at offset: Int) -> Meta? {
    guard let page = read(at: offset, 152), let flags = page.load(10, UInt16.self), flags & Flag.meta != 0,
      page.load(16, UInt32.self) == 0xBEEF_C0DE, let version = page.load(20, UInt32.self),
      let pageSize = page.load(40, UInt32.self), let free = page.load(80, UInt64.self),
      let main = page.load(128, UInt64.self), let transaction = page.load(144, UInt64.self)
    else { return nil }
    return Meta(version: version, pageSize: Int(pageSize), roots: [free, main], transaction: transaction)
  }

  private func read(at offset: Int, _ count: Int) -> [UInt8]? {
    guard offset >= 0, offset + count <= size else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    return pread(descriptor, &bytes, count, off_t(offset)) == count ? bytes : nil
  }
}

extension [UInt8] {
  /// A number at an offset; nil past the end.
  fileprivate func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ type: T.Type) -> T? {
    guard offset >= 0, offset + MemoryLayout<T>.size <= count else { return nil }
    return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
  }
}
