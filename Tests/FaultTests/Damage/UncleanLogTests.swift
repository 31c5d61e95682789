import Foundation
import PersistencyCore
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("A log that was damaged after its process died")
struct UncleanLogTests {
  /// What is done to the log, the file that holds what the process committed last.
  enum Harm: String, CaseIterable, Sendable {
    case deleted, emptied, cut, cutWithinARecord, garbageInTheMiddle, garbageAtTheEnd, zerosInTheMiddle
  }

  static let batches = 60

  static func ops(_ batch: Int) -> [TxOp] {
    (0..<8).map {
      .put(category: "c", key: Key(Int64(batch), Int64($0)), payload: [UInt8](repeating: UInt8(batch), count: 300))
    }
  }

  @Test(
    "leaves whole batches, none torn, or a refusal; and the store goes on", arguments: [Engine.sqlite, .rocks],
    Harm.allCases)
  func unclean(_ engine: Engine, _ harm: Harm) async throws {
    try await withRoot { root in
      await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String, name = engine.name as String] in
        let engine = try #require(Engine.stored.first { $0.name == name })
        let jobs = try Persistency(rootDirectory: root, engines: [engine])
        let job = try await jobs.openJob("job")
        for batch in 0..<UncleanLogTests.batches { try await job.apply(UncleanLogTests.ops(batch)) }
        kill(getpid(), SIGKILL)
      }
      try damage(try log(root, engine), harm)
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let job: Job
      do throws(PersistencyError) {
        job = try await jobs.openJob("job")
      } catch {
        #expect(error.kind == .corrupted && error.tellsWhatToDo, "\(error)")
        return
      }
      let rows = try await job.scan(category: "c")
      #expect(rows.count % 8 == 0)
      let last = rows.count / 8
      #expect(rows == (0..<last).flatMap(Self.ops).compactMap(\.row))
      #expect(harm == .garbageAtTheEnd || last < Self.batches)
      if harm == .garbageAtTheEnd { #expect(last == Self.batches) }
      try await job.apply(Self.ops(200))
      try await jobs.close()
      let again = try Persistency(rootDirectory: root, engines: [engine])
      #expect(try await again.openJob("job").count(category: "c") == rows.count + 8)
      try await again.close()
    }
  }

  private func log(_ root: String, _ engine: Engine) throws -> String {
    if engine.name == "sqlite" { return root + "/job.db-wal" }
    let folder = root + "/job.rocks/"
    let logs = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".log") }
    // The only one with something in it.
    return folder + (try #require(logs.max { (try? size(folder + $0)) ?? 0 < (try? size(folder + $1)) ?? 0 }))
  }

  private func size(_ path: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
  }

  private func damage(_ log: String, _ harm: Harm) throws {
    let size = try size(log)
    try #require(size > 50_000, "the log holds what was written")
    if harm == .deleted { return try FileManager.default.removeItem(atPath: log) }
    let file = try #require(FileHandle(forUpdatingAtPath: log))
    defer { try? file.close() }
    switch harm {
    case .deleted: break
    case .emptied: try file.truncate(atOffset: 0)
    case .cut: try file.truncate(atOffset: UInt64(size / 2))
    case .cutWithinARecord: try file.truncate(atOffset: UInt64(size - 100))
    case .garbageInTheMiddle: try write(Damage.noise(64), at: size / 2, file)
    case .zerosInTheMiddle: try write(Damage.zeros(9_000), at: size / 2, file)
    case .garbageAtTheEnd: try write(Damage.noise(500), at: size, file)
    }
  }

  private func write(_ bytes: [UInt8], at offset: Int, _ file: FileHandle) throws {
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: Data(bytes))
  }
}

extension TxOp {
  /// The row of a put.
  var row: KvRow? {
    if case .put(_, let key, let payload) = self { KvRow(key: key, payload: payload) } else { nil }
  }
}
