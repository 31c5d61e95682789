import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults
import PersistencyLMDB
import TestSupport
import Testing

@Suite("LMDB: a map that cannot grow, or grows elsewhere")
struct MapTests {
  private static let small = Engine.lmdb(LMDBOptions(initialMapBytes: 1 << 16))

  private static func put(_ number: Int) -> [TxOp] {
    [.put(category: "c", key: Key(Int64(number)), payload: [UInt8](repeating: UInt8(number % 256), count: 2_000))]
  }

  @Test(
    "A growth that fails is an error, never a trap; nothing acknowledged is lost, and the store opens again",
    .enabled(if: FaultInjector.system != nil, "this build makes no mapping fail"), arguments: [true, false])
  func failingGrowth(_ lasts: Bool) async throws {
    let system = try #require(FaultInjector.system)
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      let path = root + "/store.lmdb"
      var count = 0
      var store = try Self.small.open(path)
      try system.during(Fault([.map], count: lasts ? nil : 1, .error(ENOMEM)), below: root) { armed in
        while count < 400 {
          do throws(PersistencyError) {
            try store.applyOps(Self.put(count))
            count += 1
          } catch {
            // Closed where LMDB had let go of the old map before it failed to make the new one.
            #expect([.backend, .storageFull, .closed].contains(error.kind), "\(error)")
            #expect(error.tellsWhatToDo, "\(error)")
            break
          }
        }
        #expect(armed.hits > 0)
        // Reads answer or say that they cannot.
        if let rows = try? store.countRange(category: "c", range: .all) { #expect(rows == count) }
      }
      if (try? store.applyOps(Self.put(count))) != nil { count += 1 }
      store.close()
      store = try Self.small.open(path, StoreOptions(mustExist: true))
      #expect(try store.countRange(category: "c", range: .all) == count)
      #expect(try findings(store) == [])
      for number in count..<(count + 100) { try store.applyOps(Self.put(number)) }
      #expect(try store.countRange(category: "c", range: .all) == count + 100)
      store.close()
    }
  }

  @Test("A reader in another process follows a writer that outgrows its map")
  func grownElsewhere() async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      let path = root + "/store.lmdb"
      let store = try Self.small.open(path)
      try store.applyOps(Self.put(0))
      let writer = onThread {
        // The reader says that it has read the small store.
        while !FileManager.default.fileExists(atPath: root + "/seen") { usleep(1_000) }
        for number in 1..<300 { try store.applyOps(Self.put(number)) }
        _ = FileManager.default.createFile(atPath: root + "/grown", contents: nil)
      }
      await #expect(processExitsWith: .exitCode(0)) { [root = root as String] in
        alarm(60)
        let reader = try LMDBBackend(
          path: root + "/store.lmdb", store: StoreOptions(access: .readOnly, mustExist: true),
          options: LMDBOptions(initialMapBytes: 1 << 16))
        guard try reader.countRange(category: "c", range: .all) == 1 else { exit(1) }
        _ = FileManager.default.createFile(atPath: root + "/seen", contents: nil)
        while !FileManager.default.fileExists(atPath: root + "/grown") { usleep(1_000) }
        guard try reader.countRange(category: "c", range: .all) == 300 else { exit(2) }
        for number in 0..<300 {
          guard try reader.getOne(category: "c", key: Key(Int64(number)))?.first == UInt8(number % 256) else { exit(3) }
        }
        reader.close()
        exit(0)
      }
      try await writer.value
      store.close()
    }
  }
}
