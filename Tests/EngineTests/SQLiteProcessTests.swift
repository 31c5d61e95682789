import Foundation
import PersistencySQLite
import Testing

@Suite("SQLite beside another process")
struct SQLiteProcessTests {
  let scratch: SQLiteScratch

  init() throws { scratch = try SQLiteScratch() }

  @Test("Read-only, it sees what a writer of another process commits, and writes nothing")
  func readOnlyBeside() throws {
    try scratch.filled(3)
    let writer = try scratch.holding("PRAGMA wal_autocheckpoint = 0; INSERT INTO kv VALUES (x'63', x'00', x'01');")
    let backend = try scratch.open(StoreOptions(access: .readOnly))
    #expect(try backend.countRange(category: "c", range: .all) == 4)
    for _ in 0..<3 { #expect(try backend.getOne(category: "c", key: Key(rawBytes: [1])) == nil) }
    try writer.run("INSERT INTO kv VALUES (x'63', x'01', x'02');")
    #expect(try backend.getOne(category: "c", key: Key(rawBytes: [1])) == [2])
    #expect(kind { try backend.put("c", Key(), []) } == .unsupported)
    #expect(kind { _ = try backend.deleteOne(category: "c", key: Key()) } == .unsupported)
    backend.close()
    #expect(try scratch.shell("SELECT count(*) FROM kv") == "5")
    writer.kill9()
  }

  @Test("Read-only, it keeps no transaction: the writer's log can be emptied")
  func readOnlyPinsNothing() throws {
    try scratch.filled(3)
    let writer = try scratch.holding("INSERT INTO kv VALUES (x'63', x'00', x'01');")
    let backend = try scratch.open(StoreOptions(access: .readOnly))
    for _ in 0..<10 { _ = try backend.getOne(category: "c", key: Key(rawBytes: [0])) }
    #expect(try scratch.shell("PRAGMA wal_checkpoint(TRUNCATE)") == "0|0|0")
    #expect(scratch.size("-wal") == 0)
    backend.close()
    writer.kill9()
  }

  @Test("Read-only on a file at rest, it leaves the folder as it was")
  func readOnlyAtRest() throws {
    try scratch.filled(300)
    let before = try scratch.contents()
    let backend = try scratch.open(StoreOptions(access: .readOnly))
    #expect(try backend.countRange(category: "c", range: .all) == 300)
    var findings = 0
    try backend.check { _ in findings += 1 }
    #expect(findings == 0)
    backend.close()
    #expect(try scratch.contents() == before)
  }

  @Test("Read-only beside the log of a process that died, it reads the log and moves nothing")
  func readOnlyAfterDeath() throws {
    try scratch.filled(3)
    let process = try scratch.holding("INSERT INTO kv VALUES (x'63', x'00', x'01');")
    process.kill9()
    let before = try scratch.contents()
    let backend = try scratch.open(StoreOptions(access: .readOnly))
    #expect(try backend.countRange(category: "c", range: .all) == 4)
    backend.close()
    let after = try scratch.contents()
    #expect(after["store.db"] == before["store.db"] && after["store.db-wal"] == before["store.db-wal"])
  }

  @Test("A write inside a visit succeeds although another process has committed since the visit began")
  func staleSnapshot() throws {
    try scratch.filled(3)
    let backend = try scratch.open()
    let other = try scratch.holding("SELECT count(*) FROM kv;")
    var visited = 0
    try backend.visit(category: "c") { _, _ in
      if visited == 0 {
        try other.run("INSERT INTO kv VALUES (x'63', x'00', x'01');")
        // What the other has committed is not in the visit's snapshot, which a writer may not go on from.
        try backend.put("c", Key(rawBytes: [1]), [5])
        #expect(try backend.deleteOne(category: "c", key: Key(rawBytes: [0])))
        try backend.applyOps([.expect(category: "c", key: Key(rawBytes: [0]), payload: nil)])
      }
      visited += 1
      return .next
    }
    #expect(visited == 3)
    #expect(try backend.countRange(category: "c", range: .all) == 4)
    backend.close()
    other.kill9()
  }

  @Test("A process that holds the file to itself, or writes, is waited for, and not for ever")
  func locked() throws {
    try scratch.filled(3)
    let writer = try scratch.holding("BEGIN IMMEDIATE;")
    let backend = try scratch.open(.init(), SQLiteOptions(busyTimeout: .milliseconds(50)))
    let batches: [[TxOp]] = (0..<3).map { [.put(category: "c", key: Key(Int64($0)), payload: [])] }
    let outcomes = backend.applyGroup(batches, sync: false)
    for outcome in outcomes { #expect(kind { try outcome.get() } == .locked) }
    #expect(try backend.countRange(category: "c", range: .all) == 3)
    writer.kill9()
    for outcome in backend.applyGroup(batches, sync: false) { try outcome.get() }
    backend.close()

    let owner = try scratch.holding("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; SELECT count(*) FROM kv;")
    #expect(kind { try scratch.open(.init(), SQLiteOptions(busyTimeout: .milliseconds(50))).close() } == .locked)
    owner.kill9()
  }
}
