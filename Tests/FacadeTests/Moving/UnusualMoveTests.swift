import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencySQLite
import TestSupport
import Testing

@Suite("Moves of unusual stores")
struct UnusualMoveTests {
  @Test("a copy to an engine with a limit of ops comes in batches within it", arguments: [1, 7, 1_000])
  func parts(_ most: Int) async throws {
    try await withRoot { root in
      let state = SpyBackend.SharedState()
      state.withLock { $0.batchOps = most }
      let small = Engine.lmdb.spied(state)
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, small])
      let source = try await jobs.openJob("a", engine: .sqlite)
      try await source.apply((0..<2_003).map { .put(category: "c", key: Key($0), payload: [1]) })
      let digest = try await jobs.copyJob("a", as: "b", to: small)
      #expect(digest.rows == 2_003)
      #expect(state.withLock { $0.largestImport } == most)
      #expect(try await jobs.digestJob("b") == digest)
      // What a caller writes has to keep to it himself.
      let copy = try await jobs.openJob("b")
      var refusal: PersistencyError?
      do throws(PersistencyError) {
        try await copy.apply((0...most).map { .put(category: "d", key: Key($0), payload: []) })
      } catch { refusal = error }
      #expect(refusal?.kind == .invalidArgument)
      #expect(refusal?.message.contains("\(most + 1) ops is over the limit of \(most) ops") == true)
      try await jobs.close()
    }
  }

  @Test(
    "a job with categories that are not UTF-8 is counted for its progress, and noted by its check",
    arguments: Engine.stored)
  func raw(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      _ = try await jobs.openJob("a", engine: engine)
      try await jobs.closeJob("a")
      // As a file of the original may have them.
      let store = try engine.open(root + "/a" + engine.fileSuffix)
      let rows = (0..<5_000).map { number in
        RawRow(category: [0x63, number < 10 ? 0xFF : 0xFE], key: Key(number), payload: [1])
      }
      try store.importRows(rows)
      #expect(await kind { _ = try store.categories() } == .corrupted)
      store.close()
      let seen = Locked<[MoveProgress]>([])
      let digest = try await jobs.digestJob("a") { progress in seen.withLock { $0.append(progress) } }
      #expect(digest.rows == 5_000)
      let last = seen.withLock { $0.last }
      #expect(last?.rows == 5_000 && last?.totalRows == 5_000, "\(String(describing: last))")
      let check = try await jobs.checkJob("a")
      #expect(check.isSound && check.digest == digest)
      #expect(check.notes.contains { $0.contains("2 categories are not UTF-8") }, "\(check.notes)")
      try await jobs.close()
    }
  }

  @Test("an engine without a check of its own is said to have none, and its rows are read all the same")
  func noCheck() async throws {
    let engine = Engine(
      name: "bare", fileSuffix: "", capabilities: Capabilities(persistent: false)
    ) { _, _ throws(PersistencyError) in try MemoryBackend() }
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      try await jobs.openJob("a").put(category: "c", key: Key("k"), payload: [1])
      let check = try await jobs.checkJob("a")
      #expect(check.isSound && check.digest?.rows == 1)
      #expect(check.notes == ["engine bare has no check of its own"])
      try await jobs.close()
    }
  }

  @Test("a migration cut short is a note of the check, until it is discarded")
  func migrationNote() async throws {
    try await withRoot { root in
      let state = SpyBackend.SharedState()
      let small = Engine.lmdb.spied(state)
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, small])
      try await jobs.openJob("a").apply(
        (0..<3_000).map { .put(category: "c", key: Key($0), payload: [UInt8](repeating: 1, count: 400)) })
      try await jobs.closeJob("a")
      // Killed: nothing is tidied up.
      state.withLock { ($0.failsAfter, $0.failure) = (2, PersistencyError(.cancelled, "as a kill")) }
      #expect(await kind { try await jobs.migrateJob("a", to: small) } == .cancelled)
      let check = try await jobs.checkJob("a")
      #expect(check.isSound && check.digest?.rows == 3_000)
      #expect(check.notes.contains { $0.contains("a migration to engine lmdb was cut short") }, "\(check.notes)")
      try await jobs.discardSuperseded("a")
      #expect(try await jobs.checkJob("a").notes == [])
      try await jobs.close()
    }
  }
}
