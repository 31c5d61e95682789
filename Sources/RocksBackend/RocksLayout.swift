/// How category and key become RocksDB's key, in its one column family.
///
/// Stored key: one byte with the length of the category's bytes (0 to 255), the category, the key. The value is the
/// payload. The length keeps categories apart whatever bytes they hold, and costs nothing to write or to read back;
/// the price is that RocksDB's order puts shorter categories first. Inside a category it is the contract's order, so
/// ranges need no more; what goes over all categories (``RocksBackend/visitAll(_:)``) merges one iterator a length.
enum RocksLayout {
  /// What every stored key of `category` begins with.
  static func prefix(_ category: String) -> [UInt8] {
    var prefix: [UInt8] = []
    let utf8 = category.utf8
    prefix.reserveCapacity(utf8.count + 1)
    // At most 255, by the limits that every call checks first.
    prefix.append(UInt8(truncatingIfNeeded: utf8.count))
    prefix.append(contentsOf: utf8)
    return prefix
  }

  static func storedKey(_ category: String, _ key: Key) -> [UInt8] { key.bytes(after: prefix(category)) }

  /// The stored keys of a range that is not empty: the first, and the first past them.
  static func bounds(_ category: String, _ range: KeyRange) -> (lower: [UInt8], upper: [UInt8]) {
    let prefix = prefix(category)
    let upper = range.stop.map { $0.bytes(after: prefix) } ?? successor(prefix) ?? []
    return (range.start.bytes(after: prefix), upper)
  }

  /// The least bytes past all that begin with `prefix`; nil when it is all 0xFF, which only an imported category can make it.
  static func successor(_ prefix: [UInt8]) -> [UInt8]? {
    guard let last = prefix.lastIndex(where: { $0 != 0xFF }) else { return nil }
    return prefix[..<last] + [prefix[last] + 1]
  }

  /// Category and key of a stored key; nil when it is too short for the category it announces.
  static func split(
    _ stored: UnsafeRawBufferPointer
  ) -> (category: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer)? {
    guard let length = stored.first.map(Int.init), stored.count > length else { return nil }
    return (
      UnsafeRawBufferPointer(rebasing: stored[1..<1 + length]),
      UnsafeRawBufferPointer(rebasing: stored[(1 + length)...])
    )
  }

  /// Lends the stored key of a row, put together on the stack where it is short.
  @inline(__always)
  static func withStoredKey<R>(_ category: String, _ key: Key, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    key.withUnsafeBytes { key in
      let contiguous = category.utf8.withContiguousStorageIfAvailable { utf8 in
        join(UnsafeRawBufferPointer(utf8), key, body)
      }
      if let contiguous { return contiguous }
      // Only a bridged string has no storage of its own.
      return Array(category.utf8).withUnsafeBytes { join($0, key, body) }
    }
  }

  /// The same for a category of any bytes.
  @inline(__always)
  static func withStoredKey<R>(_ category: [UInt8], _ key: Key, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    category.withUnsafeBytes { category in key.withUnsafeBytes { join(category, $0, body) } }
  }

  @inline(__always)
  private static func join<R>(
    _ category: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> R
  ) -> R {
    let count = 1 + category.count + key.count
    return withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
      buffer[0] = UInt8(truncatingIfNeeded: category.count)
      UnsafeMutableRawBufferPointer(rebasing: buffer[1...]).copyMemory(from: category)
      UnsafeMutableRawBufferPointer(rebasing: buffer[(1 + category.count)...]).copyMemory(from: key)
      return body(UnsafeRawBufferPointer(buffer))
    }
  }
}
