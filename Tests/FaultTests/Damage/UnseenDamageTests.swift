import Foundation
import PersistencyCore
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("Damage that opening cannot see")
struct UnseenDamageTests {
  /// A damage within the files of a closed store that opens all the same.
  struct Hidden: Sendable, CustomTestStringConvertible {
    let engine: Engine
    let testDescription: String
    let harm: @Sendable (StoredPlace) throws -> Void

    init(_ engine: Engine, _ name: String, harm: @escaping @Sendable (StoredPlace) throws -> Void) {
      self.engine = engine
      testDescription = "\(engine): \(name)"
      self.harm = harm
    }

    static let all: [Hidden] = [
      Hidden(.sqlite, "a page is noise") { try $0.overwrite($0.store, at: 20 * 4_096, with: Damage.noise(4_096)) },
      Hidden(.sqlite, "a page is zeros") { try $0.overwrite($0.store, at: 20 * 4_096, with: Damage.zeros(4_096)) },
      Hidden(.sqlite, "two pages have changed places") { try $0.swapPages(10, 30) },
      Hidden(.sqlite, "a page is another's copy") { try $0.copyPage(30, over: 10) },
      Hidden(.sqlite, "two keys have changed places") { place in
        try place.replaceInFile(place.store, Key("row", Int64(8)).bytes, with: Key("row", Int64(800)).bytes)
      },
      Hidden(.rocks, "a bit of every table has flipped") { place in
        for name in try FileManager.default.contentsOfDirectory(atPath: place.store) where name.hasSuffix(".sst") {
          try place.flip(place.store + "/" + name, at: 2_000)
        }
      },
      Hidden(.rocks, "a block of a table is zeros") { place in
        try place.overwrite(try place.file(".sst"), at: 8_000, with: Damage.zeros(2_000))
      },
    ]
  }

  @Test(
    "is found by the engine's examination; RocksDB reads no row wrong, SQLite, which has no sums, may",
    arguments: Hidden.all)
  func found(_ hidden: Hidden) async throws {
    try await StoredPlace.with(hidden.engine) { place in
      try hidden.harm(place)
      let store = try hidden.engine.open(place.store, StoreOptions(mustExist: true))
      defer { store.close() }
      #expect(try !findings(store).isEmpty)
      // The examination changes nothing, and can be made again.
      #expect(try !findings(store).isEmpty)
      try readEverything(store, mayBeWrong: hidden.engine.name == "sqlite")
    }
    try await StoredPlace.with(hidden.engine) { place in
      try hidden.harm(place)
      let jobs = try place.jobs()
      let job = try await jobs.openJob("job")
      await #expect(throws: (any Error).self) {
        guard try await job.scan(category: "c") == StoredPlace.rows else { throw CocoaError(.fileReadCorruptFile) }
      }
      #expect(try await jobs.openJob("other").scan(category: "c") == StoredPlace.rows)
      try? await jobs.close()
    }
  }

  /// Every read gives the row, or nothing, or says `.corrupted`; none traps.
  private func readEverything(_ store: any KvBackend, mayBeWrong: Bool) throws {
    for row in StoredPlace.rows {
      do throws(PersistencyError) {
        let found = try store.getOne(category: "c", key: row.key)
        #expect(mayBeWrong || found == row.payload || found == nil, "\(row.key)")
      } catch {
        #expect(error.kind == .corrupted && error.tellsWhatToDo, "\(error)")
      }
    }
    for reverse in [false, true] {
      do throws(PersistencyError) {
        _ = try store.scanRange(category: "c", range: .all, reverse: reverse, limit: nil)
        _ = try store.countRange(category: "c", range: .all)
      } catch {
        #expect(error.kind == .corrupted && error.tellsWhatToDo, "\(error)")
      }
    }
  }

  @Test("A page overwritten at random is refused, found or of no account", arguments: 0..<40)
  func randomPage(_ seed: Int) async throws {
    try await StoredPlace.with(.sqlite) { place in
      var noise = SystemNoise(seed: UInt64(seed))
      let page = Int(noise.next() % UInt64(try place.size(place.store) / 4_096))
      let count = [16, 200, 4_096][seed % 3]
      let offset = page * 4_096 + Int(noise.next() % UInt64(4_096 - count + 1))
      try place.overwrite(place.store, at: offset, with: noise.bytes(count))
      let store: any KvBackend
      do throws(PersistencyError) {
        store = try Engine.sqlite.open(place.store, StoreOptions(mustExist: true))
      } catch {
        #expect(error.kind == .corrupted || error.kind == .unsupported, "\(error)")
        return
      }
      defer { store.close() }
      let found = try findings(store)
      do throws(PersistencyError) {
        let rows = try store.scanRange(category: "c", range: .all, reverse: false, limit: nil)
        // SQLite has no sums: bytes within a payload or a key may change unseen, and no more than that.
        let wrong = zip(rows, StoredPlace.rows).count { $0 != $1 }
        #expect(!found.isEmpty || rows.count == StoredPlace.rows.count && wrong <= 12, "\(found), \(wrong) wrong")
      } catch {
        #expect(error.kind == .corrupted, "\(error)")
        #expect(!found.isEmpty, "the scan fails, and the examination finds nothing: \(error)")
      }
    }
  }

  @Test("Known limit: SQLite has no sums, so a bit that flips within a payload is read as it is; RocksDB has")
  func flippedBit() async throws {
    try await StoredPlace.with(.sqlite) { place in
      let row = StoredPlace.rows[77]
      var flipped = row.payload
      flipped[100] ^= 1
      try place.replaceInFile(place.store, row.payload, with: flipped)
      let store = try Engine.sqlite.open(place.store, StoreOptions(mustExist: true))
      defer { store.close() }
      #expect(try findings(store) == [])
      #expect(try store.getOne(category: "c", key: row.key) == flipped)
      let rows = try store.scanRange(category: "c", range: .all, reverse: false, limit: nil)
      #expect(zip(rows, StoredPlace.rows).count { $0 != $1 } == 1)
    }
  }
}

extension StoredPlace {
  func flip(_ path: String, at offset: Int) throws {
    let file = try #require(FileHandle(forReadingAtPath: path))
    try file.seek(toOffset: UInt64(offset))
    let byte = try #require(try file.read(upToCount: 1)?.first)
    try file.close()
    try overwrite(path, at: offset, with: [byte ^ 4])
  }

  private func page(_ number: Int) throws -> [UInt8] {
    let all = try Data(contentsOf: URL(fileURLWithPath: store))
    return [UInt8](all[number * 4_096..<(number + 1) * 4_096])
  }

  func copyPage(_ number: Int, over other: Int) throws {
    try overwrite(store, at: other * 4_096, with: try page(number))
  }

  func swapPages(_ one: Int, _ other: Int) throws {
    let (first, second) = (try page(one), try page(other))
    try overwrite(store, at: one * 4_096, with: second)
    try overwrite(store, at: other * 4_096, with: first)
  }

  /// Replaces bytes that are in the file once.
  func replaceInFile(_ path: String, _ bytes: [UInt8], with others: [UInt8]) throws {
    let all = try Data(contentsOf: URL(fileURLWithPath: path))
    let place = try #require(all.range(of: Data(bytes)))
    try overwrite(path, at: place.lowerBound, with: others)
  }
}
