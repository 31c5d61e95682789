#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The stream that ``Persistency/exportJob(_:to:progress:)`` writes: a job's rows in a form that outlives its engine.
///
/// All integers are big-endian; every check is an XXH64.
///
/// | part | bytes |
/// |---|---|
/// | header | `89 50 4B 56 0D 0A 1A 0A`; version, 4; length of the description, 4; the description, in JSON; check of all that, 8 |
/// | head of a chunk | `ROWS`; number of rows, 4, at least 1; length of the rows, 8; check of these 16 bytes, seeded, 8 |
/// | rows of a chunk | each as category, key and payload, each after its length in 4 bytes; check of the rows of *all* chunks so far, 8 |
/// | head of the end | `END.`; 0, 4; 24, 8; check of these 16 bytes, seeded, 8 |
/// | end | number of rows, 8; bytes of their categories, keys and payloads, 8; check of the rows of all chunks, 8; check of these 24 bytes, seeded, 8 |
///
/// A seeded check has the seed (check of the header) xor (check of all rows so far), so that no chunk is at home in
/// another place or another stream. Rows come by category bytes, then key bytes, each once. A chunk of several rows has at most 1 MiB. Nothing
/// follows the end. The check of all rows is the job's ``ContentDigest/checksum``.
enum StreamFormat {
  static let magic: [UInt8] = [0x89, 0x50, 0x4B, 0x56, 0x0D, 0x0A, 0x1A, 0x0A]
  static let version: UInt32 = 1
  static let rowsTag: [UInt8] = Array("ROWS".utf8)
  static let endTag: [UInt8] = Array("END.".utf8)
  static let headBytes = 24
  static let endBytes = 24
  static let mostDescriptionBytes = 64 << 10
  static let mostChunkBytes = 1 << 20
  static let mostRowBytes =
    RowChunk.lengthBytes + BackendLimits.embedded.categoryBytes + BackendLimits.embedded.keyBytes
    + BackendLimits.embedded.payloadBytes

  /// What the header says of the job, for people and for programs that want to know before they read on.
  struct Description: Codable, Sendable {
    var job: String
    var engine: String
    var createdBy = "Persistency \(Persistency.version)"
    /// The encoding of typed key parts.
    var keyCodec = JobManifest.currentKeyCodec
  }
}

extension [UInt8] {
  mutating func append(bigEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// Adds the XXH64 of all that is there.
  mutating func appendCheck(seed: UInt64 = 0) { append(bigEndian: check(seed: seed)) }

  func check(seed: UInt64 = 0) -> UInt64 {
    var hash = XXH64(seed: seed)
    withUnsafeBytes { hash.add($0) }
    return hash.value
  }

  /// The integer at an offset, which must be inside.
  func bigEndian<N: FixedWidthInteger>(_ type: N.Type, at offset: Int) -> N {
    withUnsafeBytes { N(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
  }
}
