#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How category and key become LMDB's keys, which measure 1 to 511 bytes.
///
/// One unnamed database. A row has one *path*: its category with 0x00 written 01 01 and 0x01 written 01 02, a
/// terminating 0x00, its key. Paths order as (category, key) do, because the terminator is below all that can stand in
/// its place. A category that begins with 0xF7 or more has one more 0xF7 before it: no UTF-8 does, but an imported
/// one may. So no path begins with 0xF8 or more, and whatever begins with 0xFE or 0xFF is ours:
///
///     path, ≤ 510 bytes                               payload
///     path[0 ..< 510] 00                              link: id of a node, 8 bytes
///     FE "persistency"                                format version, 4 bytes
///     FF id(8) rest of the path, 1 ... 501 bytes      payload
///     FF id(8) next 501 bytes of the path 00          link
///
/// Integers are big-endian. A path longer than 510 bytes goes on in a *node*, which all rows with the same first 510 bytes
/// share, and so on by 501. A link is one byte longer than any row beside it may be: its length, 511, is what tells it,
/// and it sorts after the row that ends where it goes on, and before everything larger. So the order is that of
/// the paths. A node exists by its rows: the last one takes the link with it, and nothing is left behind.
enum LMDBLayout {
  static let version: UInt32 = 1
  /// Bytes of a path in the root; longer ones go on in a node.
  static let rootBytes = 510
  /// Bytes of a path in a node.
  static let nodeBytes = 501
  /// The tag and the id before a node's rows.
  static let nodeHeader = 9
  /// What a link measures, in the root and in a node alike.
  static let linkBytes = 511
  static let nodeTag: UInt8 = 0xFF
  /// What stands before a category whose first byte is this or more.
  static let lead: UInt8 = 0xF7
  static let formatKey: [UInt8] = [0xFE] + Array("persistency".utf8)
  /// The least path, that of the empty key of the empty category; LMDB seeks no empty bound.
  static let first: [UInt8] = [0]
  /// The upper bound of every path.
  static let end: [UInt8] = [0xF8]
  /// Nodes on the way to the longest path; more mean a damaged store.
  static let maximumDepth = 134
  /// The longest path that depth allows.
  static let pathBytes = rootBytes + maximumDepth * nodeBytes

  // MARK: Paths

  /// The path of a row, on the stack where it is short.
  @inline(__always)
  static func withPath<R, E: Error>(
    _ category: String, _ key: Key, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try withPath(category.utf8.count, { write(category, to: $0) }, key, body)
  }

  /// The path of a row whose category is any bytes.
  @inline(__always)
  static func withPath<R, E: Error>(
    _ category: [UInt8], _ key: Key, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try withPath(
      category.count, { buffer in category.withUnsafeBufferPointer { write($0, to: buffer) } }, key, body)
  }

  /// - Parameter writeHead: Writes the category and its terminator, and gives their count.
  @inline(__always)
  private static func withPath<R, E: Error>(
    _ categoryCount: Int, _ writeHead: (UnsafeMutableRawBufferPointer) -> Int, _ key: Key,
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    let capacity = categoryCount * 2 + 1 + key.byteCount
    return try withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { buffer throws(E) -> R in
      let head = writeHead(buffer)
      let count = head + key.byteCount
      key.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: buffer[head...]).copyMemory(from: $0) }
      let path = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      return try body(path)
    }
  }

  /// The path of a category's empty key, which all its paths begin with.
  static func head(_ category: String) -> [UInt8] {
    let capacity = category.utf8.count * 2 + 1
    return [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = write(category, to: UnsafeMutableRawBufferPointer(buffer))
    }
  }

  /// Start and stop of a range's paths.
  static func bounds(_ category: String, _ range: KeyRange) -> (start: [UInt8], stop: [UInt8]) {
    let head = head(category)
    guard let stop = range.stop else { return (range.start.bytes(after: head), after(head)) }
    return (range.start.bytes(after: head), stop.bytes(after: head))
  }

  /// The bound above all paths of a category: its terminator raised by one.
  static func after(_ head: [UInt8]) -> [UInt8] {
    head.dropLast() + [1]
  }

  private static func write(_ category: String, to buffer: UnsafeMutableRawBufferPointer) -> Int {
    var category = category
    return category.withUTF8 { write($0, to: buffer) }
  }

  /// At most two bytes for each, and the terminator.
  @inline(__always)
  private static func write(
    _ category: UnsafeBufferPointer<UInt8>, to buffer: UnsafeMutableRawBufferPointer
  ) -> Int {
    var end = 0
    if let first = category.first, first >= lead {
      buffer[0] = lead
      end = 1
    }
    for byte in category {
      if byte > 1 {
        buffer[end] = byte
        end += 1
      } else {
        buffer[end] = 1
        buffer[end + 1] = byte + 1
        end += 2
      }
    }
    buffer[end] = 0
    return end + 1
  }

  // MARK: Categories

  /// How many bytes of a path its category takes, the terminator included; nil when it has none.
  @inline(__always)
  static func headCount(_ path: UnsafeRawBufferPointer) -> Int? {
    guard let start = path.baseAddress, let end = memchr(start, 0, path.count) else { return nil }
    return UnsafeRawPointer(end) - start + 1
  }

  /// Whether the written form, without the terminator, is the category as it stands.
  @inline(__always)
  static func isPlain(_ written: UnsafeRawBufferPointer) -> Bool {
    (written.first ?? 0) < lead && !written.contains(1)
  }

  /// The category's own bytes, of its written form without the terminator; nil when it is malformed.
  static func category(_ written: some Collection<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var escaped = false
    var rest = written[...]
    if rest.first == lead {
      rest = rest.dropFirst()
      guard let first = rest.first, first >= lead else { return nil }
    }
    for byte in rest {
      if escaped {
        guard byte == 1 || byte == 2 else { return nil }
        bytes.append(byte - 1)
        escaped = false
      } else if byte == 1 {
        escaped = true
      } else if byte == 0 {
        return nil
      } else {
        bytes.append(byte)
      }
    }
    return escaped ? nil : bytes
  }
}
