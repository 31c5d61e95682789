#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension [UInt8] {
  /// Whether these bytes come before the others: unsigned bytewise, a prefix first.
  func precedes(_ other: [UInt8]) -> Bool {
    withUnsafeBytes { left in other.withUnsafeBytes { right in left.precedes(right) } }
  }
}

extension UnsafeRawBufferPointer {
  /// As the C API takes bytes.
  @inline(__always)
  var chars: UnsafePointer<CChar>? { assumingMemoryBound(to: CChar.self).baseAddress }

  /// Whether these bytes come before the others: unsigned bytewise, a prefix first.
  func precedes(_ other: UnsafeRawBufferPointer) -> Bool {
    let common = Swift.min(count, other.count)
    guard common > 0, let left = baseAddress, let right = other.baseAddress else { return count < other.count }
    let order = memcmp(left, right, common)
    return order == 0 ? count < other.count : order < 0
  }

  func equals(_ other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard count > 0, let left = baseAddress, let right = other.baseAddress else { return true }
    return memcmp(left, right, count) == 0
  }
}
