/// What a store holds, in three numbers: equal content has an equal digest, on every engine.
public struct ContentDigest: Hashable, Sendable {
  public let rows: Int
  /// Categories, keys and payloads together; the lengths written before them do not count.
  public let bytes: Int
  /// XXH64, with seed 0, of all rows by category bytes, then key bytes: of category, key and payload, each after its
  /// length in 4 bytes, big-endian.
  ///
  /// It tells accidents, not forgeries.
  public let checksum: UInt64

  public init(rows: Int, bytes: Int, checksum: UInt64) {
    self.rows = rows
    self.bytes = bytes
    self.checksum = checksum
  }

  /// The checksum as `xxhsum` prints it: 16 hexadecimal digits.
  public var hexadecimal: String {
    withUnsafeBytes(of: checksum.bigEndian) { Array($0).hexadecimal }
  }
}

extension ContentDigest: CustomStringConvertible {
  public var description: String { "\(rows) rows, \(bytes) bytes, xxh64 \(hexadecimal)" }
}

/// A ``ContentDigest`` in the making.
struct ContentHash: Sendable {
  private var hash = XXH64()
  private(set) var rows = 0
  private(set) var bytes = 0

  mutating func add(_ chunk: RowChunk) {
    chunk.withBytes { hash.add($0) }
    rows += chunk.rows
    bytes += chunk.contentBytes
  }

  /// The checksum of the rows so far.
  var checksum: UInt64 { hash.value }

  var digest: ContentDigest { ContentDigest(rows: rows, bytes: bytes, checksum: hash.value) }
}
