import Crypto
import PersistencyCore
import Synchronization

/// The SHA-256 of all rows by category bytes, then key bytes: of category, key and payload, each after its 4-byte
/// big-endian length.
struct JobDigest {
  let hex: String
  let rows: Int

  init(of id: String, in jobs: Persistency, progress: MoveProgress.Handler? = nil) async throws {
    let hash = Mutex(SHA256())
    rows = try await jobs.eachChunk(of: id, progress: progress) { rows in
      hash.withLock { $0.update(bufferPointer: rows) }
    }
    hex = KeyText.hex(hash.withLock { $0 }.finalize())
  }
}
