import Dispatch
import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import Testing

@Suite("Opening one store from many threads")
struct OpeningRaceTests {
  /// A loser that had made the file, but not claimed it first, removed it from under the winner.
  @Test("regression: no loser removes what the winner opened", arguments: [Engine.sqlite, .lmdb, .rocks])
  func noLoserRemoves(_ engine: Engine) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/persistency-race-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for round in 0..<40 {
      let path = folder + "/\(round)" + engine.fileSuffix
      let stores = Locked<[any KvBackend]>([])
      let refusals = Locked<[PersistencyError.Kind]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        do throws(PersistencyError) {
          let store = try engine.open(path)
          stores.withLock { $0.append(store) }
        } catch {
          refusals.withLock { $0.append(error.kind) }
        }
      }
      let store = try #require(stores.withLock { $0.first })
      #expect(stores.withLock { $0.count } == 1)
      #expect(refusals.withLock { $0 } == Array(repeating: .locked, count: 7))
      try store.applyOps([.put(category: "c", key: Key("k"), payload: [1])])
      store.close()
      let again = try engine.open(path, StoreOptions(mustExist: true))
      #expect(try again.getOne(category: "c", key: Key("k")) == [1])
      again.close()
    }
  }
}
