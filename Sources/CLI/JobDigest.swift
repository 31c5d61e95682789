import Crypto
import PersistencyCore

/// The SHA-256 of all rows by category bytes, then key bytes: of category, key and payload, each after its 4-byte
/// big-endian length.
struct JobDigest {
  let hex: String
  let rows: Int

  init(of job: Job) async throws {
    var hash = SHA256()
    var rows = 0
    try await job.visitAll { category, key, payload in
      Self.add(category, to: &hash)
      Self.add(key, to: &hash)
      Self.add(payload, to: &hash)
      rows += 1
      return .next
    }
    hex = KeyText.hex(hash.finalize())
    self.rows = rows
  }

  private static func add(_ bytes: RawSpan, to hash: inout SHA256) {
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: bytes.byteCount).bigEndian) { hash.update(bufferPointer: $0) }
    bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
  }
}
