import Foundation
import Testing

@testable import PersistencyRocksDB
@testable import PersistencySQLite

@Suite("What is deleted is given back to the file system")
struct ReclaimTests {
  static func fill(_ store: any KvBackend, _ rows: Range<Int>) throws {
    var random = RocksRandom(state: 3)
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: 2_000) {
      try store.applyOps(
        (start..<min(start + 2_000, rows.upperBound)).map { number in
          var payload: [UInt8] = []
          for _ in 0..<50 { withUnsafeBytes(of: random.next()) { payload.append(contentsOf: $0) } }
          return .put(category: "c", key: rocksKey(number), payload: payload)
        })
    }
  }

  // MARK: SQLite

  @Test("SQLite: a file made for it gives its free pages back, step by step, and its log")
  func incremental() throws {
    let scratch = try SQLiteScratch()
    try scratch.shell("PRAGMA auto_vacuum = INCREMENTAL; \(SQLiteLayout.schema); PRAGMA user_version = 1;")
    let store = try scratch.open()
    try Self.fill(store, 0..<20_000)
    try store.applyOps([.deleteRange(category: "c", range: KeyRange(start: rocksKey(100), stop: rocksKey(19_900)))])
    let before = try store.sizeOnDisk()
    let given = try store.reclaim(budget: .seconds(60))
    let after = try store.sizeOnDisk()
    #expect(given == before - after && after < before / 20, "\(before) bytes became \(after), \(given) were given back")
    #expect(scratch.size("-wal") == 0)
    #expect(try store.reclaim(budget: .seconds(60)) == 0)
    #expect(try store.countRange(category: "c", range: .all) == 200)
    try store.check { Issue.record("\($0)") }
    store.close()
    #expect(try scratch.shell("PRAGMA freelist_count") == "0")
  }

  @Test("SQLite: a budget of nought gives the log back and moves no page")
  func noBudget() throws {
    let scratch = try SQLiteScratch()
    try scratch.shell("PRAGMA auto_vacuum = INCREMENTAL; \(SQLiteLayout.schema); PRAGMA user_version = 1;")
    let store = try scratch.open()
    try Self.fill(store, 0..<3_000)
    try store.applyOps([.deleteRange(category: "c", range: .all)])
    #expect(try store.reclaim(budget: .zero) >= 0)
    #expect(scratch.size("-wal") == 0 && scratch.size() > 1 << 20)
    #expect(try store.reclaim(budget: .seconds(60)) > 1 << 20)
    #expect(scratch.size() < 100 << 10)
    store.close()
  }

  @Test("SQLite: a file of ours gives its log back, and what a visit pins of it when that has ended")
  func log() throws {
    let scratch = try SQLiteScratch()
    let store = try scratch.open()
    try Self.fill(store, 0..<3_000)
    try store.visitRange(category: "c", range: .all, reverse: false) { _, _ throws(PersistencyError) in
      try store.applyOps([.deleteRange(category: "c", range: KeyRange(start: rocksKey(5), stop: nil))])
      _ = try store.reclaim(budget: .milliseconds(10))
      #expect(scratch.size("-wal") > 0)
      return .stop
    }
    let before = try store.sizeOnDisk()
    let given = try store.reclaim(budget: .milliseconds(10))
    #expect(try given == before - store.sizeOnDisk())
    #expect(given > 0 && scratch.size("-wal") == 0)
    #expect(try store.countRange(category: "c", range: .all) == 5)
    store.close()
    let reader = try scratch.open(StoreOptions(access: .readOnly))
    #expect(kind { _ = try reader.reclaim(budget: .seconds(1)) } == .unsupported)
    reader.close()
  }

  @Test("SQLite: a copy, too, leaves the free pages behind")
  func copy() throws {
    let scratch = try SQLiteScratch()
    let store = try scratch.open()
    try Self.fill(store, 0..<5_000)
    try store.applyOps([.deleteRange(category: "c", range: KeyRange(start: rocksKey(50), stop: nil))])
    try store.backup(to: scratch.folder + "/copy.db")
    #expect(try store.sizeOnDisk() > 1 << 20)
    store.close()
    let copy = try SQLiteBackend(path: scratch.folder + "/copy.db", store: StoreOptions(mustExist: true))
    #expect(try copy.countRange(category: "c", range: .all) == 50)
    #expect(try copy.sizeOnDisk() < 200 << 10)
    copy.close()
  }

  // MARK: RocksDB

  @Test("RocksDB: tables of deleted rows go, and the log")
  func compaction() throws {
    let place = try RocksPlace()
    let store = try place.open(.init(), RocksOptions(writeBufferBytes: 1 << 20))
    try Self.fill(store, 0..<20_000)
    try store.applyOps([.deleteRange(category: "c", range: KeyRange(start: rocksKey(100), stop: rocksKey(19_900)))])
    let before = try store.sizeOnDisk()
    #expect(before > 4 << 20)
    let given = try store.reclaim(budget: .seconds(60))
    let after = try store.sizeOnDisk()
    #expect(given > 0 && after < before / 10, "\(before) bytes became \(after), \(given) were given back")
    #expect(try store.countRange(category: "c", range: .all) == 200)
    try store.check { Issue.record("\($0)") }
    store.close()
    let reader = try place.open(StoreOptions(access: .readOnly))
    #expect(rocksKind { _ = try reader.reclaim(budget: .seconds(1)) } == .unsupported)
    reader.close()
  }

  @Test("RocksDB: its pieces cover every key once, and a visit keeps its state while they are merged")
  func pieces() throws {
    let place = try RocksPlace()
    let store = try place.open(.init(), RocksOptions(writeBufferBytes: 256 << 10))
    #expect(try store.handle.pieces().isEmpty)
    #expect(try store.reclaim(budget: .seconds(1)) == 0)
    try Self.fill(store, 0..<6_000)
    var keys: [Key] = []
    try store.visitRange(category: "c", range: .all, reverse: false) { key, _ throws(PersistencyError) in
      if keys.isEmpty {
        try store.applyOps([.deleteRange(category: "c", range: KeyRange(start: rocksKey(10), stop: nil))])
        #expect(try store.reclaim(budget: .seconds(60)) >= 0)
      }
      keys.append(Key(copying: key))
      return .next
    }
    #expect(keys == (0..<6_000).map { rocksKey($0) })
    let pieces = try store.handle.pieces()
    #expect(!pieces.isEmpty)
    for (piece, next) in zip(pieces, pieces.dropFirst()) { #expect(piece.last == next.first) }
    #expect(try store.reclaim(budget: .seconds(60)) >= 0)
    #expect(try store.sizeOnDisk() < 1 << 20)
    #expect(try store.countRange(category: "c", range: .all) == 10)
    store.close()
  }

  // MARK: Beside writers

  @Test("Beside writers nothing is lost, and it ends about when its budget does", arguments: [Engine.sqlite, .rocks])
  func besideWriters(_ engine: Engine) throws {
    let place = try RocksPlace()
    let store = try #require(try engine.open(place.root + "/store" + engine.fileSuffix) as? any KvMaintenance)
    try Self.fill(store, 0..<10_000)
    let writer = Thread {
      for number in 0..<3_000 {
        try? store.applyOps([
          .put(category: "d", key: rocksKey(number), payload: [1]), .delete(category: "c", key: rocksKey(number)),
        ])
      }
    }
    writer.start()
    let began = ContinuousClock.now
    #expect(try store.reclaim(budget: .milliseconds(100)) >= 0)
    #expect(began.duration(to: .now) < .seconds(20))
    while !writer.isFinished { usleep(1_000) }
    #expect(try store.reclaim(budget: .seconds(20)) >= 0)
    #expect(try store.countRange(category: "d", range: .all) == 3_000)
    #expect(try store.countRange(category: "c", range: .all) == 7_000)
    store.close()
  }
}
