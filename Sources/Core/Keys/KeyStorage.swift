/// The bytes of a key: up to 31 of them in the value itself, more in an array.
///
/// Which of the two follows from the count alone, so that equal keys have equal storage.
@usableFromInline
struct KeyStorage: Sendable {
  /// The bytes of a short key in memory order, zeros behind them, and their count in the last byte; zeros for another key.
  ///
  /// As big-endian numbers, compared one after the other, they have the order of the keys: a prefix is padded with zeros, and of
  /// two keys that differ in nothing but zeros at the end the count is less for the one that comes first.
  @usableFromInline typealias Words = (UInt64, UInt64, UInt64, UInt64)

  @usableFromInline
  enum More: Sendable {
    case nothing
    case array([UInt8])
    case invalid(KeyFault)
  }

  @usableFromInline var words: Words = (0, 0, 0, 0)
  @usableFromInline var more = More.nothing

  /// The most bytes that lie in the value.
  @inlinable static var inPlace: Int { MemoryLayout<Words>.size - 1 }

  @inlinable
  init() {}

  @inlinable
  init(_ raw: UnsafeRawBufferPointer) {
    if raw.count > Self.inPlace {
      more = unsafe .array([UInt8](raw))
    } else {
      unsafe fill(raw, after: 0)
    }
  }

  /// Keeps the array itself when it is long.
  @inlinable
  init(_ array: [UInt8]) {
    if array.count > Self.inPlace {
      more = .array(array)
    } else {
      unsafe array.withUnsafeBytes { unsafe fill($0, after: 0) }
    }
  }

  init(invalid fault: KeyFault) { more = .invalid(fault) }

  // MARK: Reading

  @inlinable var count: Int {
    switch more {
    case .nothing: Int(UInt64(bigEndian: words.3) & 0xFF)
    case .array(let array): array.count
    case .invalid(let fault): fault.bytes.count
    }
  }

  @inlinable var fault: KeyFault? {
    if case .invalid(let fault) = more { fault } else { nil }
  }

  @inlinable var bytes: [UInt8] {
    switch more {
    case .nothing: unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    case .array(let array): array
    case .invalid(let fault): fault.bytes
    }
  }

  @inlinable
  func withUnsafeBytes<R, E: Error>(
    _ body: (_ bytes: UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    switch more {
    case .nothing:
      return try unsafe Swift.withUnsafeBytes(of: words) { (raw) throws(E) -> R in
        unsafe try body(UnsafeRawBufferPointer(rebasing: raw[..<Int(raw[Self.inPlace])]))
      }
    case .array(let array):
      return unsafe try array.withUnsafeBufferPointer { (raw) throws(E) -> R in
        unsafe try body(UnsafeRawBufferPointer(raw))
      }
    case .invalid(let fault):
      return unsafe try fault.bytes.withUnsafeBufferPointer { (raw) throws(E) -> R in
        unsafe try body(UnsafeRawBufferPointer(raw))
      }
    }
  }

  // MARK: Adding

  mutating func append(_ byte: UInt8) {
    unsafe Swift.withUnsafeBytes(of: byte) { unsafe append($0) }
  }

  mutating func append(_ raw: UnsafeRawBufferPointer) {
    switch more {
    case .nothing:
      let count = count
      if count + raw.count <= Self.inPlace { return unsafe fill(raw, after: count) }
      var array = [UInt8]()
      array.reserveCapacity(max(count + raw.count, 2 * Self.inPlace))
      unsafe withUnsafeBytes { unsafe array.append(contentsOf: $0) }
      unsafe array.append(contentsOf: raw)
      self = KeyStorage(array)
    case .array(var array):
      // Let go first, so that the array is not shared with itself.
      more = .nothing
      unsafe array.append(contentsOf: raw)
      more = .array(array)
    case .invalid:
      return
    }
  }

  /// Puts bytes that fit after the first `count`.
  @inlinable
  mutating func fill(_ raw: UnsafeRawBufferPointer, after count: Int) {
    unsafe withUnsafeMutableBytes(of: &words) { place in
      unsafe UnsafeMutableRawBufferPointer(rebasing: place[count..<Self.inPlace]).copyMemory(from: raw)
      unsafe place[Self.inPlace] = UInt8(truncatingIfNeeded: count + raw.count)
    }
  }
}

extension KeyStorage: Hashable {
  @inlinable
  static func == (left: KeyStorage, right: KeyStorage) -> Bool {
    switch (left.more, right.more) {
    case (.nothing, .nothing): left.words == right.words
    case (.array(let one), .array(let other)): one == other
    case (.invalid(let one), .invalid(let other)): one.bytes == other.bytes && one.reason == other.reason
    default: false
    }
  }

  @inlinable
  func hash(into hasher: inout Hasher) {
    guard case .nothing = more else { return hasher.combine(bytes) }
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}

extension KeyStorage: Comparable {
  @inlinable
  static func < (left: KeyStorage, right: KeyStorage) -> Bool {
    guard case .nothing = left.more, case .nothing = right.more else { return left.precedes(right) }
    let (a, b) = (left.words, right.words)
    if a.0 != b.0 { return UInt64(bigEndian: a.0) < UInt64(bigEndian: b.0) }
    if a.1 != b.1 { return UInt64(bigEndian: a.1) < UInt64(bigEndian: b.1) }
    if a.2 != b.2 { return UInt64(bigEndian: a.2) < UInt64(bigEndian: b.2) }
    return UInt64(bigEndian: a.3) < UInt64(bigEndian: b.3)
  }

  @usableFromInline
  func precedes(_ other: KeyStorage) -> Bool {
    let order = unsafe withUnsafeBytes { left in
      unsafe other.withUnsafeBytes { right in unsafe left.order(to: right) }
    }
    if order != 0 { return order < 0 }
    // Of two keys with the same bytes a good one comes first, so that `<` and `==` agree on invalid ones too.
    guard let fault = other.fault else { return false }
    return self.fault.map { $0.reason < fault.reason } ?? true
  }
}

/// Why a key is invalid, and the bytes that it had got to; by reference, so that a good key does not pay for it.
@usableFromInline
final class KeyFault: Sendable {
  @usableFromInline let reason: String
  @usableFromInline let bytes: [UInt8]

  init(_ reason: String, bytes: [UInt8]) {
    self.reason = reason
    self.bytes = bytes
  }

  var error: PersistencyError { PersistencyError(.invalidArgument, "invalid key: \(reason)") }
}
