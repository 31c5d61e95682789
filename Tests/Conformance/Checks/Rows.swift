import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The rows that a category must hold, in order: the model that checks compare a store with.
///
/// It sorts and selects by itself, so that a fault of ``KeyRange`` or ``Key`` does not hide one of an adapter.
struct Rows: Sendable {
  let list: [KvRow]

  init(sorted list: [KvRow]) { self.list = list }

  /// A row for each different key; its payload tells whose it is.
  init(_ keys: some Sequence<[UInt8]>) {
    let sorted = keys.sorted { $0.order(to: $1) < 0 }
    var list: [KvRow] = []
    for bytes in sorted where list.last?.key.bytes.order(to: bytes) != 0 {
      list.append(KvRow(key: Key(rawBytes: bytes), payload: Self.payload(of: bytes)))
    }
    self.list = list
  }

  init(texts: [String]) { self.init(texts.map { Array($0.utf8) }) }

  var count: Int { list.count }
  var keys: [Key] { list.map(\.key) }

  /// The key's end, and a hash of the whole (FNV-1a): no two of a check's keys have the same one.
  static func payload(of key: [UInt8]) -> [UInt8] {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    key.withUnsafeBytes { bytes in
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    return key.suffix(8).reversed() + (0..<8).map { UInt8(truncatingIfNeeded: hash >> ($0 * 8)) }
  }

  // MARK: Selections

  func filter(_ isIn: (_ key: [UInt8]) -> Bool) -> [KvRow] { list.filter { isIn($0.key.bytes) } }

  /// The rows that begin with the bytes.
  func beginning(with prefix: [UInt8]) -> [KvRow] { filter { Self.begins($0, with: prefix) } }

  static func begins(_ key: [UInt8], with prefix: [UInt8]) -> Bool {
    key.count >= prefix.count && Array(key.prefix(prefix.count)).isSame(as: prefix)
  }

  /// The rows from `start` on, and before `stop` where there is one.
  func between(_ start: [UInt8], _ stop: [UInt8]?) -> [KvRow] {
    filter { key in key.order(to: start) >= 0 && stop.map { key.order(to: $0) < 0 } ?? true }
  }

  /// All rows but these.
  func without(_ gone: [KvRow]) -> [KvRow] {
    let gone = Set(gone.map(\.key.bytes))
    return filter { !gone.contains($0) }
  }
}

extension [UInt8] {
  /// Below nought when these bytes come first, nought when they are the same: unsigned, a prefix first.
  func order(to other: [UInt8]) -> Int {
    let common = Swift.min(count, other.count)
    let order = withUnsafeBytes { left in
      other.withUnsafeBytes { right in
        guard common > 0, let a = left.baseAddress, let b = right.baseAddress else { return 0 }
        return Int(memcmp(a, b, common))
      }
    }
    return order == 0 ? count - other.count : order
  }

  /// The same bytes; in a debug build far faster than `==`.
  func isSame(as other: [UInt8]) -> Bool { count == other.count && order(to: other) == 0 }

  static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// `count` bytes that differ from place to place.
  static func pattern(_ count: Int, seed: UInt8 = 0) -> [UInt8] {
    // Doubling copies whole runs: a loop over 64 MiB would take seconds in a debug build.
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for place in 0..<Swift.min(count, 4_099) {
      bytes.append(UInt8(truncatingIfNeeded: place &* 31 &+ place >> 8) &+ seed)
    }
    while bytes.count < count { bytes.append(contentsOf: bytes.prefix(count - bytes.count)) }
    return bytes
  }

  /// For messages: hexadecimal, shortened.
  var shown: String {
    let digits = prefix(12).map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
    return count > 12 ? "\(digits)… (\(count) bytes)" : "hex:\(digits)"
  }
}

extension Key {
  /// The bytes of a text, with no length before them.
  static func text(_ text: String) -> Key { Key(rawBytes: text.utf8) }

  static func raw(_ bytes: UInt8...) -> Key { Key(rawBytes: bytes) }

  /// A key of one byte, many times.
  static func run(_ byte: UInt8, _ count: Int) -> Key { Key(rawBytes: [UInt8](repeating: byte, count: count)) }
}

extension KeyRange {
  static func texts(_ start: String, _ stop: String?) -> KeyRange {
    KeyRange(start: .text(start), stop: stop.map { .text($0) })
  }
}

extension TxOp {
  static func put(_ category: String, _ row: KvRow) -> TxOp {
    .put(category: category, key: row.key, payload: row.payload)
  }

  /// Its size in bytes, as a batch's limit counts it.
  var measure: Int {
    switch self {
    case .put(_, let key, let payload): category.utf8.count + key.bytes.count + payload.count
    case .delete(_, let key): category.utf8.count + key.bytes.count
    case .deleteRange(_, let range):
      category.utf8.count + range.start.bytes.count + (range.stop?.bytes.count ?? 0)
    case .expect(_, let key, let payload): category.utf8.count + key.bytes.count + (payload?.count ?? 0)
    }
  }
}

extension KvBackend {
  /// The rows that a visit lends, copied.
  func visited(
    _ category: String, _ range: KeyRange = .all, reverse: Bool = false
  ) throws(PersistencyError) -> [KvRow] {
    var rows: [KvRow] = []
    try visitRange(category: category, range: range, reverse: reverse) { key, payload throws(PersistencyError) in
      rows.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)))
      return .next
    }
    return rows
  }

  /// All rows of the store as `visitAll` lends them: the category's bytes, and the row.
  func visitedAll() throws(PersistencyError) -> [(category: [UInt8], row: KvRow)] {
    var rows: [(category: [UInt8], row: KvRow)] = []
    try visitAll { category, key, payload throws(PersistencyError) in
      let row = KvRow(key: Key(copying: key), payload: [UInt8](copying: payload))
      rows.append(([UInt8](copying: category), row))
      return .next
    }
    return rows
  }

  /// Puts the rows, in this order, in as few batches as the limits allow.
  func put(_ rows: some Sequence<KvRow>, category: String) throws(PersistencyError) {
    try applyInParts(rows.map { .put(category, $0) })
  }

  /// Applies the ops, in this order, in as few batches as the limits allow.
  func applyInParts(_ ops: [TxOp]) throws(PersistencyError) {
    var part: [TxOp] = []
    var size = 0
    for op in ops {
      let bytes = op.measure
      if size + bytes > limits.batchBytes || part.count == limits.batchOps {
        try applyOps(part)
        part = []
        size = 0
      }
      part.append(op)
      size += bytes
    }
    try applyOps(part)
  }

  func put(_ category: String, _ key: Key, _ payload: [UInt8]) throws(PersistencyError) {
    try applyOps([.put(category: category, key: key, payload: payload)])
  }

  func delete(_ category: String, _ key: Key) throws(PersistencyError) {
    try applyOps([.delete(category: category, key: key)])
  }

  func deleteRange(_ category: String, _ range: KeyRange) throws(PersistencyError) {
    try applyOps([.deleteRange(category: category, range: range)])
  }
}
