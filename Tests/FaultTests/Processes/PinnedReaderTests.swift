import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("Readers that hold on to old states")
struct PinnedReaderTests {
  private static func put(_ number: Int, _ size: Int = 1_000) -> [TxOp] {
    [.put(category: "c", key: Key(Int64(number % 10)), payload: [UInt8](repeating: UInt8(number % 251), count: size))]
  }

  private static func bytes(_ store: any KvBackend) throws -> Int {
    try #require(store as? any KvMaintenance).sizeOnDisk()
  }

  @Test(
    "5,000 overwrites under a visit: it sees its own state, and the space that they took is used again or given back",
    arguments: Engine.stored)
  func overwrites(_ engine: Engine) async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      let path = root + "/store" + engine.fileSuffix
      let store = try engine.open(path)
      for number in 0..<10 { try store.applyOps(Self.put(number)) }
      var (seen, pinned) = ([UInt8](), 0)
      try store.visit(category: "c") { _, payload in
        if seen.isEmpty {
          for number in 0..<5_000 { try store.applyOps(Self.put(100 + number)) }
          pinned = try Self.bytes(store)
        }
        seen.append([UInt8](copying: payload)[0])
        return .next
      }
      #expect(seen == (0..<10).map { UInt8($0) })
      for number in 0..<5_000 { try store.applyOps(Self.put(200 + number)) }
      let later = try Self.bytes(store)
      #expect(later <= pinned + 16 << 20, "\(pinned) bytes on disk became \(later)")
      #expect(pinned < 128 << 20)
      store.close()
      let again = try engine.open(path, StoreOptions(mustExist: true))
      #expect(try Self.bytes(again) <= later + 1 << 20)
      #expect(try again.countRange(category: "c", range: .all) == 10)
      again.close()
    }
  }

  @Test("regression: a process that died in a read of an LMDB store does not make it grow for ever")
  func deadReader() async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      let path = root + "/store.lmdb"
      let store = try Engine.lmdb.open(path, StoreOptions(durability: .volatile))
      for number in 0..<10 { try store.applyOps(Self.put(number, 3_000)) }
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
        let reader = try Engine.lmdb.open(path, StoreOptions(access: .readOnly, mustExist: true))
        try reader.visit(category: "c") { _, _ in
          kill(getpid(), SIGKILL)
          return .stop
        }
      }
      // Its snapshot pins what was there; after a thousand commits or so the writer notices that nobody reads it.
      for number in 0..<2_500 { try store.applyOps(Self.put(number, 3_000)) }
      let before = try Self.bytes(store)
      for number in 0..<2_500 { try store.applyOps(Self.put(number, 3_000)) }
      let after = try Self.bytes(store)
      #expect(after <= before, "\(before) bytes on disk became \(after)")
      store.close()
    }
  }
}
