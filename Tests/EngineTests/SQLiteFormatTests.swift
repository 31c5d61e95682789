import Foundation
import PersistencySQLite
import Testing

@Suite("A SQLite store is a plain SQLite file")
struct SQLiteFormatTests {
  let scratch: SQLiteScratch

  init() throws { scratch = try SQLiteScratch() }

  @Test("The shell reads what we write, and we what it writes")
  func exchange() throws {
    let backend = try scratch.open()
    try backend.put("chan", Key(rawBytes: [1, 0, 255]), [])
    try backend.put("", Key(), Array("hello".utf8))
    #expect(
      try scratch.shell("SELECT hex(category), hex(key), hex(payload) FROM kv ORDER BY 1")
        == "||68656C6C6F\n6368616E|0100FF|")
    backend.close()
    try scratch.shell("INSERT INTO kv VALUES (x'63', x'6b', x'70')")
    let again = try scratch.open(StoreOptions(mustExist: true))
    #expect(try again.getOne(category: "c", key: Key(rawBytes: [0x6b])) == [0x70])
    #expect(try again.getOne(category: "chan", key: Key(rawBytes: [1, 0, 255])) == [])
  }

  @Test("Schema, version, application id, page size and log mode are those of the format")
  func header() throws {
    try scratch.filled()
    let pragmas = ["user_version", "application_id", "page_size", "journal_mode", "encoding"]
    #expect(try scratch.shell(pragmas.map { "PRAGMA \($0);" }.joined()) == "1\n0\n4096\nwal\nUTF-8")
    let sql = """
      CREATE TABLE kv (
            category BLOB NOT NULL,
            key      BLOB NOT NULL,
            payload  BLOB NOT NULL,
            PRIMARY KEY (category, key)
          ) WITHOUT ROWID
      """
    #expect(try scratch.shell("SELECT sql FROM sqlite_schema") == sql)
  }

  @Test("A file of the original opens, and keeps its bytes until something is written")
  func original() throws {
    let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("CLITests/Fixtures/nim-alpha.db").path
    try FileManager.default.copyItem(atPath: fixture, toPath: scratch.path)
    let before = try scratch.contents()
    let backend = try scratch.open(StoreOptions(mustExist: true))
    var rows = 0
    try backend.visitAll { _, _, _ throws(PersistencyError) in
      rows += 1
      return .next
    }
    #expect(rows > 0)
    var counted = 0
    for category in try backend.categories() { counted += try backend.countRange(category: category, range: .all) }
    #expect(counted == rows)
    backend.close()
    #expect(try scratch.contents() == before)
    #expect(try Int(scratch.shell("SELECT count(*) FROM kv")) == rows)
  }

  @Test("The file and those beside it are the owner's alone")
  func mode() throws {
    let backend = try scratch.open()
    try backend.put("c", Key("k"), [1])
    for name in try FileManager.default.contentsOfDirectory(atPath: scratch.folder) {
      let attributes = try FileManager.default.attributesOfItem(atPath: scratch.folder + "/" + name)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
    }
    #expect(scratch.size("-wal") > 0)
    #expect(try backend.sizeOnDisk() >= scratch.size("-wal"))
    backend.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder) == ["store.db"])
  }

  @Test("A file in rollback-journal mode is converted", arguments: ["DELETE", "PERSIST"])
  func rollbackMode(_ mode: String) throws {
    try scratch.filled()
    try scratch.shell("PRAGMA journal_mode = \(mode); INSERT INTO kv VALUES (x'63', x'00', x'01');")
    let backend = try scratch.open()
    #expect(try backend.countRange(category: "c", range: .all) == 201)
    backend.close()
    #expect(try scratch.shell("PRAGMA journal_mode") == "wal")
  }

  @Test("A transaction that a dead process left half-done in a rollback journal is undone")
  func unfinishedJournal() throws {
    try scratch.filled(20_000)
    let process = try scratch.holding(
      "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 5; BEGIN; UPDATE kv SET payload = x'00'; ")
    #expect(scratch.size("-journal") > 0)
    process.kill9()
    let backend = try scratch.open()
    #expect(try backend.countRange(category: "c", range: .all) == 20_000)
    #expect(try backend.getOne(category: "c", key: Key(Int64(3)))?.count == 90)
    #expect(scratch.size("-journal") == 0)
  }

  @Test("Categories that are not UTF-8 are visited, and named in hex by categories()")
  func oddCategory() throws {
    try scratch.filled(1)
    try scratch.shell("INSERT INTO kv VALUES (x'fffe', x'6b', x'70'), (x'', x'6b', x'70')")
    let backend = try scratch.open()
    var seen: [[UInt8]] = []
    try backend.visitAll { category, _, _ throws(PersistencyError) in
      seen.append([UInt8](copying: category))
      return .next
    }
    #expect(seen == [[], [0x63], [0xff, 0xfe]])
    do {
      _ = try backend.categories()
      Issue.record("categories() must throw")
    } catch {
      #expect(error.kind == .corrupted && error.message.contains("fffe"))
    }
  }

  @Test("The check reports rows of other types, and nothing of a sound store")
  func check() throws {
    try scratch.filled()
    var findings: [String] = []
    let sound = try scratch.open()
    try sound.check { findings.append($0.message) }
    #expect(findings == [])
    sound.close()
    try scratch.shell("INSERT INTO kv VALUES ('text', x'6b', x'70')")
    let backend = try scratch.open()
    try backend.check { findings.append($0.message) }
    #expect(findings.count == 1 && findings[0].contains("74657874"))
  }
}
