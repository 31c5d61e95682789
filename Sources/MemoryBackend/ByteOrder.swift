#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

// The one place where keys are compared: unsigned bytewise, a prefix first.

extension RawSpan {
  /// The first eight bytes as a big-endian number, zeros after the end.
  ///
  /// Of two keys whose words differ, the one with the smaller word comes first.
  @inline(__always)
  var orderWord: UInt64 {
    if byteCount >= 8 {
      return UInt64(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
    }
    var word: UInt64 = 0
    for offset in 0..<8 {
      word <<= 8
      if offset < byteCount { word |= UInt64(unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)) }
    }
    return word
  }

  /// Below 0 when these bytes come before the others, 0 when they are the same, above 0 when they come after.
  @inline(__always)
  func order(to other: RawSpan) -> Int {
    let common = min(byteCount, other.byteCount)
    if common > 0 {
      let order = unsafe withUnsafeBytes { left in
        unsafe other.withUnsafeBytes { right -> Int32 in
          guard let a = left.baseAddress, let b = right.baseAddress else { return 0 }
          return unsafe memcmp(a, b, common)
        }
      }
      if order != 0 { return Int(order) }
    }
    return byteCount - other.byteCount
  }
}

extension [UInt8] {
  /// As ``RawSpan/orderWord``.
  var orderWord: UInt64 { span.bytes.orderWord }

  /// As ``RawSpan/order(to:)``.
  @inline(__always)
  func order(to other: RawSpan) -> Int { span.bytes.order(to: other) }

  /// Whether these bytes come before the others.
  func precedes(_ other: [UInt8]) -> Bool { span.bytes.order(to: other.span.bytes) < 0 }

  /// These bytes where they lie, for who knows that somebody else keeps the array meanwhile.
  ///
  /// A span of the array itself would be retained and released, two atomic steps that also keep a processor from
  /// fetching the next row ahead: a visit of rows that are scattered in memory took three times as long.
  @inline(__always)
  var lent: UnsafeRawBufferPointer { unsafe withUnsafeBytes { unsafe $0 } }

  /// These bytes without spare room: what is kept for long should not keep the caller's reserve with it.
  var trimmed: [UInt8] {
    guard capacity > count + count / 4 + 64 else { return self }
    return [UInt8](copying: span.bytes)
  }
}
