internal import PersistencyCore
#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

// How a search compares keys where they lie: unsigned bytewise, a prefix first, as `Key` does.

extension RawSpan {
  /// The eight bytes after the first `offset`, as a big-endian number, zeros past the end.
  ///
  /// Of two keys that have the first `offset` bytes in common and whose words differ, the one with the smaller word
  /// comes first.
  @inline(__always)
  func orderWord(after offset: Int) -> UInt64 {
    if byteCount - 8 >= offset {
      return UInt64(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    var word: UInt64 = 0
    for at in offset..<offset + 8 {
      word <<= 8
      if at < byteCount { word |= UInt64(unsafe unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self)) }
    }
    return word
  }

  /// How many bytes both begin with, `most` at most.
  func common(with other: RawSpan, most: Int) -> Int {
    let end = min(byteCount, other.byteCount, most)
    var at = 0
    while at < end,
      unsafe unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self)
        == other.unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self)
    { at += 1 }
    return at
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

extension Key {
  /// As ``RawSpan/orderWord(after:)``.
  func orderWord(after offset: Int) -> UInt64 {
    unsafe withUnsafeBytes { unsafe RawSpan(_unsafeBytes: $0).orderWord(after: offset) }
  }

  /// As ``RawSpan/common(with:most:)``.
  func common(with other: Key, most: Int) -> Int {
    unsafe withUnsafeBytes { left in
      unsafe other.withUnsafeBytes { right in
        unsafe RawSpan(_unsafeBytes: left).common(with: RawSpan(_unsafeBytes: right), most: most)
      }
    }
  }

  /// This key without spare room; a short one has none, because it lies in the value.
  var trimmed: Key { byteCount > 31 ? Key(rawBytes: bytes.trimmed) : self }
}

extension [UInt8] {
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
