import Foundation
import PersistencyCore
import PersistencyRocksDB
import TestSupport
import Testing

// No job here, and nothing that waits while there is no descriptor: Swift's runtime could not bear it.
@Suite("Engines without a descriptor", .enabled(if: ProcessUse.isKnown))
struct EngineDescriptorTests {
  @Test(
    "However few are left when a store is opened, it opens or says so, and nothing is lost", arguments: Engine.stored)
  func opening(_ engine: Engine) async throws {
    try await withFastRoot { root in
      let child = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        [root = root as String, name = engine.name as String] in
        try prepare(root)
        let engine = try Engine.named(name)
        for level in Durability.allCases {
          func path(_ id: String) -> String { root + "/" + id + level.rawValue + engine.fileSuffix }
          func open(_ id: String, mustExist: Bool) throws(PersistencyError) -> any KvBackend {
            try engine.open(path(id), StoreOptions(durability: level, mustExist: mustExist))
          }
          let old = try open("old", mustExist: false)
          try old.applyOps([.put(category: "c", key: Key(), payload: [1])])
          old.close()
          for free in 0..<14 {
            for (id, mustExist) in [("old", true), ("new \(free)", false)] {
              let taken = ProcessUse.exhaustDescriptors(leaving: free)
              let outcome = Result { () throws(PersistencyError) in try open(id, mustExist: mustExist).close() }
              ProcessUse.giveBack(taken)
              if case .failure(let error) = outcome {
                if error.kind != .backend { print(level, id, free, error) }
                #expect(error.kind == .backend && error.backendCode == Int(EMFILE))
              } else {
                #expect(free > 1)
              }
              let store = try open(id, mustExist: mustExist)
              let payload = try store.getOne(category: "c", key: Key())
              #expect(payload == (mustExist ? [1] : nil))
              store.close()
            }
          }
        }
      }
      child?.show()
    }
  }

  @Test(
    "In mid-life: what cannot be read or written says so, and goes on in the same store once there are some",
    arguments: Engine.every)
  func midLife(_ engine: Engine) async throws {
    try await withFastRoot { root in
      let child = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        [root = root as String, name = engine.name as String] in
        try prepare(root)
        // Small buffers, so that RocksDB begins new files soon.
        let engine = name == "rocks" ? .rocks(RocksOptions(writeBufferBytes: 64 << 10)) : try Engine.named(name)
        let path = root + "/store" + engine.fileSuffix
        let store = try engine.open(path)
        let payload = [UInt8](repeating: 1, count: 1_000)
        var written: [Key] = []
        var failures: [PersistencyError] = []
        func write(_ keys: Range<Int>) {
          for number in keys {
            do throws(PersistencyError) {
              try store.applyOps([.put(category: "c", key: Key(number), payload: payload)])
              written.append(Key(number))
            } catch {
              failures.append(error)
            }
          }
        }
        write(0..<200)
        let taken = ProcessUse.exhaustDescriptors(leaving: 0)
        write(200..<400)
        for read in [
          Result { () throws(PersistencyError) in _ = try store.getOne(category: "c", key: Key(0)) },
          Result { () throws(PersistencyError) in _ = try store.countRange(category: "c", range: .all) },
          Result { () throws(PersistencyError) in
            try store.visitRange(category: "c", range: .all, reverse: false) { _, _ in .next }
          },
        ] {
          if case .failure(let error) = read { failures.append(error) }
        }
        ProcessUse.giveBack(taken)
        print(name, failures.count, "failures:", failures.first?.description ?? "none")
        for error in failures {
          #expect(error.kind == .backend && error.backendCode == Int(EMFILE) && error.outcome == .notApplied)
        }
        #expect(failures.isEmpty == (name == "lmdb" || name == "memory"))
        failures = []
        write(400..<500)
        #expect(failures.isEmpty && written.last == Key(499))
        func keys(_ store: any KvBackend) throws -> [Key] {
          try store.scanRange(category: "c", range: .all, reverse: false, limit: nil).map(\.key)
        }
        var found = try keys(store)
        #expect(found == written)
        store.close()
        let again = try engine.open(path)
        found = try keys(again)
        #expect(found == written || name == "memory")
        again.close()
      }
      child?.show()
    }
  }
}

/// Makes the folder, and leaves few descriptors to be exhausted.
private func prepare(_ root: String) throws {
  ProcessUse.limitDescriptors(to: 128)
  try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
}
