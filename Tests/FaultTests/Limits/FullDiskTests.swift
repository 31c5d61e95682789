import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite(
  "Jobs on a full disk", .serialized, .enabled(if: SmallDisk.isPossible, "needs root, to mount a small file system"))
struct FullDiskTests {
  private static func put(_ number: Int) -> [TxOp] {
    var noise = SystemNoise(seed: UInt64(number))
    return [
      .put(category: "c", key: Key(Int64(number)), payload: noise.bytes(8_000)),
      .put(category: "d", key: Key(Int64(number)), payload: []),
    ]
  }

  private func expectRows(_ job: Job, _ count: Int) async throws {
    #expect(try await job.count(category: "c") == count)
    #expect(try await job.count(category: "d") == count)
    for number in stride(from: 0, to: count, by: 11) {
      guard case .put(_, let key, let payload) = Self.put(number)[0] else { continue }
      #expect(try await job.get(category: "c", key: key) == payload)
    }
  }

  /// Writes until three batches in a row find no room.
  private func fill(_ job: Job, from first: Int) async throws -> Int {
    var (number, refusals) = (first, 0)
    while refusals < 3, number < first + 5_000 {
      do throws(PersistencyError) {
        try await job.apply(Self.put(number))
        (number, refusals) = (number + 1, 0)
      } catch {
        try #require(error.kind == .storageFull && error.outcome == .notApplied && error.isRetryable, "\(error)")
        #expect(error.tellsWhatToDo, "\(error)")
        refusals += 1
      }
    }
    #expect(refusals == 3)
    return number
  }

  @Test(
    "What was acknowledged is there, reads go on, and with room again the same job writes", arguments: Engine.stored,
    [Durability.consistent, .full])
  func fullThenRoom(_ engine: Engine, _ durability: Durability) async throws {
    let disk = try #require(SmallDisk(megabytes: 5))
    try await withRoot { elsewhere in
      let jobs = try Persistency(rootDirectory: disk.path, engines: [engine])
      let others = try Persistency(rootDirectory: elsewhere, engines: [engine])
      let job = try await jobs.openJob("job", options: JobOptions(durability: durability))
      let other = try await others.openJob("job")
      var count = try await fill(job, from: 0)
      #expect(count > 20)
      try await expectRows(job, count)
      // What is queued fails too, and says so.
      try await job.persist(Self.put(9_000))
      #expect(await kind { try await job.flush() } == .storageFull)
      // Nobody else notices.
      try await other.apply(Self.put(1))
      try await expectRows(job, count)

      #expect(disk.resize(megabytes: 40))
      try await job.apply(Self.put(count))
      #expect(try await job.delete(category: "c", key: Key(Int64(count))))
      try await job.put(category: "c", key: Key(Int64(count)), payload: try #require(Self.put(count)[0].row?.payload))
      count += 1
      try await expectRows(job, count)
      try await jobs.close()
      let again = try Persistency(rootDirectory: disk.path, engines: [engine])
      try await expectRows(try await again.openJob("job"), count)
      try await again.close()
      try await others.close()
    }
  }

  @Test(
    "An opening on a full disk opens or says that there is no room; nothing is half made, and nothing is lost",
    arguments: Engine.stored)
  func opening(_ engine: Engine) async throws {
    let disk = try #require(SmallDisk(megabytes: 8))
    let jobs = try Persistency(rootDirectory: disk.path, engines: [engine])
    let job = try await jobs.openJob("job")
    for number in 0..<20 { try await job.apply(Self.put(number)) }
    try await jobs.closeJob("job")
    try disk.fill()
    #expect(await kind { _ = try await jobs.openJob("new") } == .storageFull)
    let found = await kind { try await expectRows(try await jobs.openJob("job"), 20) }
    #expect(found == nil || found == .storageFull)
    try? await jobs.closeJob("job")
    // Reading asks for no room where the engine needs no files of its own to read.
    let readers = await kind {
      try await expectRows(try await jobs.openJob("job", options: JobOptions(access: .readOnly)), 20)
    }
    #expect(readers == nil || readers == .storageFull, "\(String(describing: readers))")
    try? await jobs.closeJob("job")
    disk.makeRoom()
    try await expectRows(try await jobs.openJob("job"), 20)
    #expect(try await jobs.openJob("new").count(category: "c") == 0)
    #expect(try jobs.storedJobs().map(\.id) == ["job", "new"])
    try await jobs.close()
  }

  @Test("The same on a journalled disk, which is full a little at a time", arguments: Engine.stored)
  func journalled(_ engine: Engine) async throws {
    let disk = try #require(LoopDisk(megabytes: 24))
    let jobs = try Persistency(rootDirectory: disk.path + "/root", engines: [engine])
    let job = try await jobs.openJob("job", options: JobOptions(durability: .full))
    let ballast = disk.path + "/ballast"
    try #require(FileManager.default.createFile(atPath: ballast, contents: Data(count: 8 << 20)))
    var count = try await fill(job, from: 0)
    #expect(count > 20)
    try await expectRows(job, count)
    try FileManager.default.removeItem(atPath: ballast)
    // The journal gives freed blocks back when it has committed, on a busy machine a little later; and an engine may look for
    // room once a second only.
    sync()
    var tries = 0
    while true {
      do throws(PersistencyError) {
        try await job.apply(Self.put(count))
        break
      } catch {
        tries += 1
        try #require(error.kind == .storageFull && tries < 50, "\(error)")
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    count += 1
    try await expectRows(job, count)
    try await jobs.close()
    let again = try Persistency(rootDirectory: disk.path + "/root", engines: [engine])
    try await expectRows(try await again.openJob("job"), count)
    try await again.close()
  }
}
