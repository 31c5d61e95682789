#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Rows in one piece of memory: of each its category, key and payload, one after the other, each after its length in 4
/// bytes, big-endian.
///
/// How rows move: from an engine's spans to here they cost three copies of memory and no allocation, and these bytes are
/// what is digested and what a stream carries.
final class RowChunk: @unchecked Sendable {
  // Sendable: a chunk is handed on from thread to thread, and nobody touches what he has handed on.

  /// What the three lengths of a row take.
  static let lengthBytes = 12
  /// As large as chunks get, unless a single row is larger.
  static let usualBytes = 256 << 10

  private var memory: UnsafeMutableRawBufferPointer
  private var used = 0
  private(set) var rows = 0
  /// The rows with bytes of their own, once they were made.
  private(set) var made: [RawRow] = []

  init(capacity: Int = usualBytes) {
    memory = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { memory.deallocate() }

  var byteCount: Int { used }
  var isEmpty: Bool { rows == 0 }
  /// Categories, keys and payloads, without their lengths.
  var contentBytes: Int { used - rows * Self.lengthBytes }

  /// Adds a row if it fits, or if it is the first.
  func append(_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) -> Bool {
    let needed = Self.lengthBytes + category.byteCount + key.byteCount + payload.byteCount
    if needed > memory.count - used {
      guard isEmpty else { return false }
      memory.deallocate()
      memory = .allocate(byteCount: needed, alignment: 16)
    }
    put(category)
    put(key)
    put(payload)
    rows += 1
    return true
  }

  private func put(_ span: RawSpan) {
    memory.storeBytes(
      of: UInt32(truncatingIfNeeded: span.byteCount).bigEndian, toByteOffset: used, as: UInt32.self)
    used += 4
    span.withUnsafeBytes { bytes in
      if let from = bytes.baseAddress, let to = memory.baseAddress { memcpy(to + used, from, bytes.count) }
    }
    used += span.byteCount
  }

  /// A chunk of bytes from elsewhere, of so many rows if they are well-formed.
  ///
  /// - Parameter fill: Gets the memory to write all of.
  static func filled<E: Error>(
    bytes: Int, rows: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
  ) throws(E) -> RowChunk {
    let chunk = RowChunk(capacity: bytes)
    try fill(chunk.memory)
    chunk.used = bytes
    chunk.rows = rows
    return chunk
  }

  /// Lends all bytes, for as long as the call.
  func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawBufferPointer(rebasing: memory[..<used]))
  }

  /// Lends each row, in order.
  ///
  /// - Throws: `.corrupted` when the bytes are not that many rows, exactly.
  func eachRow(
    _ body: (
      _ category: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer
    ) throws(PersistencyError) -> Void
  ) throws(PersistencyError) {
    var at = 0
    for _ in 0..<rows {
      let category = try part(&at)
      let key = try part(&at)
      let payload = try part(&at)
      try body(category, key, payload)
    }
    if at != used { throw Self.malformed }
  }

  private func part(_ at: inout Int) throws(PersistencyError) -> UnsafeRawBufferPointer {
    guard used - at >= 4 else { throw Self.malformed }
    let count = Int(UInt32(bigEndian: memory.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
    at += 4
    guard count <= used - at else { throw Self.malformed }
    defer { at += count }
    return UnsafeRawBufferPointer(rebasing: memory[at..<(at + count)])
  }

  /// Makes ``made``.
  ///
  /// - Parameter name: The category of the row before; those that follow with the same one share its bytes.
  /// - Throws: `.corrupted` when the bytes are not that many rows, exactly.
  func makeRows(_ name: inout [UInt8]) throws(PersistencyError) {
    var rows: [RawRow] = []
    rows.reserveCapacity(min(self.rows, used / Self.lengthBytes))
    try eachRow { category, key, payload throws(PersistencyError) in
      if !name.holds(category) { name = Array(category) }
      rows.append(RawRow(category: name, key: Key(rawBytes: key), payload: Array(payload)))
    }
    made = rows
  }

  private static var malformed: PersistencyError {
    PersistencyError(.corrupted, "the lengths of its rows do not add up")
  }
}

extension [UInt8] {
  /// Whether these are exactly the lent bytes.
  func holds(_ other: UnsafeRawBufferPointer) -> Bool {
    withUnsafeBytes { $0.order(to: other) == 0 }
  }
}

extension UnsafeRawBufferPointer {
  /// Negative, 0 or positive as these bytes come before, are, or come after the others: unsigned, a prefix first.
  func order(to other: UnsafeRawBufferPointer) -> Int {
    if let left = baseAddress, let right = other.baseAddress {
      let order = memcmp(left, right, Swift.min(count, other.count))
      if order != 0 { return Int(order) }
    }
    return count - other.count
  }
}
