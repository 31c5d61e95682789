import Foundation
import PersistencySQLite
import TestSupport
import Testing

@Suite("SQLite reads beside writes")
struct SQLiteReadTests {
  let scratch: SQLiteScratch

  init() throws { scratch = try SQLiteScratch() }

  @Test("A visitor reads what was committed meanwhile, and its visit goes on with its own state")
  func nested() throws {
    let backend = try scratch.filled(50).open()
    var keys: [Int64] = []
    try backend.visit(category: "c", range: .all) { key, payload in
      let number = try Key(copying: key).decode(Int64.self)
      keys.append(number)
      #expect(payload.byteCount == 90)
      try backend.put("c", Key(number + 1), [1])
      try backend.put("c", Key(number + 1_000), [2])
      #expect(try backend.getOne(category: "c", key: Key(number + 1)) == [1])
      #expect(try backend.countRange(category: "c", range: .all) > 50)
      return .next
    }
    #expect(keys == Array(0..<50))
    #expect(try backend.countRange(category: "c", range: .all) == 101)
  }

  @Test("Sixteen visits inside one another, each on the state it began with")
  func deep() throws {
    let backend = try scratch.filled(4).open()
    func descend(_ depth: Int) throws {
      var rows = 0
      try backend.visit(category: "c") { _, _ in
        rows += 1
        if rows == 1, depth < 16 {
          try backend.put("c", Key(Int64(100 + depth)), [])
          try descend(depth + 1)
        }
        return .next
      }
      #expect(rows == 4 + depth)
    }
    try descend(0)
  }

  @Test("Closing inside a visit ends it at its next row, and frees the file")
  func closeInside() throws {
    let backend = try scratch.filled(10).open()
    var rows = 0
    let thrown = kind {
      try backend.visit(category: "c") { _, _ in
        rows += 1
        backend.close()
        #expect(kind { _ = try backend.getOne(category: "c", key: Key()) } == .closed)
        return .next
      }
    }
    #expect(thrown == .closed && rows == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder) == ["store.db"])
    try scratch.open().close()
  }

  @Test("Get after get, each write is seen at once: by its own thread, and by another")
  func kept() throws {
    let backend = try scratch.open()
    for round in 0..<2_000 {
      try backend.put("c", Key("k"), Array("\(round)".utf8))
      for _ in 0..<3 { #expect(try backend.getOne(category: "c", key: Key("k")) == Array("\(round)".utf8)) }
    }
  }

  @Test("Gets of two keys written together never go back in time")
  func monotonic() async throws {
    let backend = try scratch.open()
    try backend.put("c", Key("k"), [0, 0, 0, 0])
    let done = Flag()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<3 {
        group.addTask {
          var last = 0
          var backwards = 0
          while !done.isSet {
            let bytes = (try? backend.getOne(category: "c", key: Key("k"))) ?? []
            let now = bytes.reduce(0) { $0 << 8 | Int($1) }
            if now < last { backwards += 1 }
            last = now
          }
          #expect(backwards == 0)
        }
      }
      for round in 1..<3_000 {
        let payload = (0..<4).map { UInt8(truncatingIfNeeded: round >> (24 - 8 * $0)) }
        do { try backend.put("c", Key("k"), payload) } catch { Issue.record(error) }
      }
      done.set()
    }
  }

  @Test("The log stays bounded while reads go on, and under kept reads that nobody ends")
  func logBound() throws {
    let backend = try scratch.open()
    let payload = [UInt8](repeating: 5, count: 4_000)
    var most = 0
    for round in 0..<120 {
      try backend.applyOps(
        (0..<250).map {
          .put(category: "c", key: Key(Int64($0)), payload: payload + [UInt8(truncatingIfNeeded: round)])
        })
      for _ in 0..<3 { _ = try backend.getOne(category: "c", key: Key(Int64(1))) }
      most = max(most, scratch.size("-wal"))
    }
    #expect(most > 0 && most < 40 << 20, "\(most)")
  }

  @Test("A visit pins the log, which is cut when it has ended")
  func logAfterVisit() throws {
    let backend = try scratch.filled(10).open()
    let payload = [UInt8](repeating: 5, count: 4_000)
    var first = true
    try backend.visit(category: "c") { _, _ in
      guard first else { return .next }
      first = false
      for round in 0..<80 {
        try backend.applyOps(
          (0..<250).map {
            .put(category: "d", key: Key(Int64($0)), payload: payload + [UInt8(truncatingIfNeeded: round)])
          })
      }
      #expect(scratch.size("-wal") > 64 << 20)
      return .next
    }
    #expect(scratch.size("-wal") < 32 << 20)
    #expect(try backend.countRange(category: "d", range: .all) == 250)
  }

  @Test("Many readers at once, more than are kept, with a writer")
  func manyReaders() async throws {
    let backend = try scratch.filled(1_000).open()
    await withTaskGroup(of: Void.self) { group in
      for reader in 0..<12 {
        group.addTask {
          do {
            for round in 0..<60 {
              let key = Key(Int64((reader * 61 + round) % 1_000))
              #expect(try backend.getOne(category: "c", key: key) != nil)
              if round % 10 == 0 { #expect(try backend.countRange(category: "c", range: .all) >= 1_000) }
              if round % 20 == 0 { try backend.put("w", key, [UInt8(truncatingIfNeeded: reader)]) }
            }
          } catch {
            Issue.record(error)
          }
        }
      }
    }
  }

  @Test("The form in memory keeps the contract, and leaves nothing")
  func inMemory() throws {
    let backend = try SQLiteBackend.inMemory()
    let other = try SQLiteBackend.inMemory()
    let folder = (backend.path as NSString).deletingLastPathComponent
    #expect(FileManager.default.fileExists(atPath: folder))
    try backend.put("c", Key("a"), [1])
    try backend.put("c", Key("b"), [2])
    try backend.visit(category: "c") { _, _ in
      try backend.put("c", Key("c"), [3])
      return .next
    }
    #expect(try backend.countRange(category: "c", range: .all) == 3)
    #expect(try other.categories() == [])
    backend.close()
    other.close()
    #expect(!FileManager.default.fileExists(atPath: folder))
  }
}
