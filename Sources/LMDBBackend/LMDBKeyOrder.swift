#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Sees that the keys of a tree go up, in the order in which a walk over its pages meets them.
struct LMDBKeyOrder {
  /// Where a key outlives its page.
  private let room: UnsafeMutableRawBufferPointer
  /// Keys are commit numbers, in the machine's byte order.
  private let areNumbers: Bool
  private var last: UnsafeRawBufferPointer?
  private var lastIsSeparator = false

  static let longest = 511

  /// - Parameter room: At least ``longest`` bytes.
  init(areNumbers: Bool, room: UnsafeMutableRawBufferPointer) {
    self.areNumbers = areNumbers
    self.room = room
  }

  /// Takes the next key of a leaf, which lives until ``keep()``.
  ///
  /// - Returns: Whether it has a place there.
  mutating func takes(_ key: UnsafeRawBufferPointer) -> Bool {
    goesUp(key, orIsEqual: lastIsSeparator, isSeparator: false)
  }

  /// Takes the key of a branch that the page met next begins with or after; it lives as long as that page is looked at.
  mutating func takes(separator key: UnsafeRawBufferPointer) -> Bool {
    goesUp(key, orIsEqual: false, isSeparator: true)
  }

  /// Keeps the last key of a leaf, whose page goes.
  mutating func keep() {
    guard let key = last else { return }
    room.copyMemory(from: key)
    last = UnsafeRawBufferPointer(rebasing: room[..<key.count])
  }

  private mutating func goesUp(_ key: UnsafeRawBufferPointer, orIsEqual: Bool, isSeparator: Bool) -> Bool {
    guard areNumbers ? key.count == 8 : !key.isEmpty && key.count <= Self.longest else { return false }
    let order = last.map { compare($0, key) } ?? -1
    last = key
    lastIsSeparator = isSeparator
    return order < 0 || (order == 0 && orIsEqual)
  }

  private func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    if areNumbers {
      let (a, b) = (left.loadUnaligned(as: UInt64.self), right.loadUnaligned(as: UInt64.self))
      return a < b ? -1 : a == b ? 0 : 1
    }
    guard let a = left.baseAddress, let b = right.baseAddress else { return left.count - right.count }
    let order = Int(memcmp(a, b, min(left.count, right.count)))
    return order == 0 ? left.count - right.count : order
  }
}
