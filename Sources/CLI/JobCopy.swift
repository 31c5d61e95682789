import Foundation
import PersistencyCore

/// Copies all rows of a job, from one state of it, to a new job.
struct JobCopy {
  let jobs: Persistency
  let source: Job

  /// A batch is sent on at so many bytes; with the queue's bound it is all that a copy holds in memory.
  private static let batchBytes = 512 << 10

  /// - Throws: `.conflict` when the target is stored, or open, already; anything that fails leaves no target behind.
  func run(to id: String, engine: Engine) async throws -> JobDigest {
    let isTaken = try jobs.hasJob(id) || jobs.storedJobs().contains { $0.id.utf8.elementsEqual(id.utf8) }
    if isTaken {
      throw PersistencyError(.conflict, "job \(id) exists already; drop it first, or choose another id")
    }
    let target = try await jobs.openJob(id, engine: engine, options: JobOptions(queueBytes: 8 * Self.batchBytes))
    do {
      try await copy(to: target)
      let (copied, original) = (try await JobDigest(of: target), try await JobDigest(of: source))
      guard copied.hex == original.hex else {
        throw PersistencyError(.conflict, "job \(source.id) changed while it was copied; try again")
      }
      return copied
    } catch {
      try? await jobs.dropJob(id)
      throw error
    }
  }

  private func copy(to target: Job) async throws {
    var rows: [RawRow] = []
    var bytes = 0
    // The rows of a category come together and share its bytes.
    var name: [UInt8] = []
    try await source.visitAll { category, key, payload in
      if !category.withUnsafeBytes({ name.elementsEqual($0) }) { name = [UInt8](copying: category) }
      rows.append(RawRow(category: name, key: Key(copying: key), payload: [UInt8](copying: payload)))
      bytes += category.byteCount + key.byteCount + payload.byteCount
      if bytes >= Self.batchBytes || rows.count >= 1_000 {
        try send(&rows, to: target)
        bytes = 0
      }
      return .next
    }
    try send(&rows, to: target)
    try await target.flush()
  }

  /// Queues rows; this thread is the tool's own and may wait for room.
  private func send(_ rows: inout [RawRow], to target: Job) throws {
    while try !target.enqueueImport(rows) { Thread.sleep(forTimeInterval: 0.001) }
    rows = []
  }
}
