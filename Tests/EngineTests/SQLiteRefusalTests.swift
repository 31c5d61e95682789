import Foundation
import PersistencySQLite
import Testing

@Suite("SQLite refuses what is no store of ours, and leaves it alone")
struct SQLiteRefusalTests {
  let scratch: SQLiteScratch

  init() throws { scratch = try SQLiteScratch() }

  /// Opens in every way, and expects the same answer and not a byte changed.
  private func refuses(
    _ kind: PersistencyError.Kind, naming word: String = "", _ line: SourceLocation = #_sourceLocation
  )
    throws
  {
    let before = try scratch.contents()
    for options in [StoreOptions(), StoreOptions(access: .readOnly), StoreOptions(mustExist: true)] {
      let error = scratch.refusal(options)
      #expect(error?.kind == kind, "\(options): \(String(describing: error))", sourceLocation: line)
      #expect(word.isEmpty || error?.message.contains(word) == true, sourceLocation: line)
      let after = try scratch.contents()
      #expect(after.keys.sorted() == before.keys.sorted() && after == before, "\(options)", sourceLocation: line)
    }
  }

  @Test("Another program's tables")
  func foreignSchema() throws {
    try scratch.shell("PRAGMA journal_mode = WAL; CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine');")
    try refuses(.corrupted, naming: "notes")
  }

  @Test("A table kv of another shape, or with a trigger on it")
  func almostOurs() throws {
    try scratch.shell("CREATE TABLE kv (category BLOB, key BLOB, payload BLOB); PRAGMA user_version = 1;")
    try refuses(.corrupted)
    try FileManager.default.removeItem(atPath: scratch.path)
    try scratch.filled()
    try scratch.shell("CREATE TRIGGER t AFTER INSERT ON kv BEGIN DELETE FROM kv; END;")
    try refuses(.corrupted, naming: "trigger")
  }

  @Test("Another program's application id")
  func applicationID() throws {
    try scratch.filled()
    try scratch.shell("PRAGMA application_id = 42")
    try refuses(.corrupted, naming: "42")
  }

  @Test("A newer version, named")
  func newer() throws {
    try scratch.filled()
    try scratch.shell("PRAGMA user_version = 7")
    try refuses(.unsupported, naming: "version 7")
  }

  @Test("A foreign or newer file whose truth is still in its log")
  func foreignLog() throws {
    try scratch.filled()
    let process = try scratch.holding("PRAGMA user_version = 2; CREATE TABLE more (x); SELECT 1 FROM more;")
    process.kill9()
    try FileManager.default.removeItem(atPath: scratch.path + "-shm")
    let before = try scratch.contents()
    #expect(scratch.size("-wal") > 0)
    #expect(scratch.refusal()?.kind == .unsupported)
    #expect(try scratch.contents() == before)
  }

  @Test("Bytes that are no database", arguments: [1, 50, 100, 8_192])
  func garbage(_ count: Int) throws {
    try Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }).write(
      to: URL(fileURLWithPath: scratch.path))
    try refuses(.corrupted)
  }

  @Test("A file that was cut", arguments: [0, 100, 4_096, 12_288])
  func truncated(_ size: Int) throws {
    try scratch.filled(2_000)
    #expect(truncate(scratch.path, off_t(size)) == 0)
    let before = try scratch.contents()
    for options in [StoreOptions(mustExist: true), StoreOptions(access: .readOnly)] {
      #expect(scratch.refusal(options)?.kind == .corrupted)
      #expect(try scratch.contents() == before)
    }
  }

  @Test("A file whose pages are overwritten")
  func damagedSchemaPage() throws {
    try scratch.filled(2_000)
    let file = try #require(FileHandle(forUpdatingAtPath: scratch.path))
    try file.seek(toOffset: 100)
    file.write(Data(repeating: 0xEE, count: 3_900))
    try file.close()
    try refuses(.corrupted)
  }

  @Test("A store that must exist and does not, or is gone but for its log")
  func missing() throws {
    #expect(scratch.refusal(StoreOptions(mustExist: true))?.kind == .corrupted)
    #expect(scratch.refusal(StoreOptions(access: .readOnly))?.kind == .corrupted)
    #expect(try scratch.contents().isEmpty)
    try Data(repeating: 1, count: 5_000).write(to: URL(fileURLWithPath: scratch.path + "-wal"))
    try refuses(.corrupted)
  }

  @Test("A symbolic link, a folder and a pipe")
  func otherFiles() throws {
    let elsewhere = try SQLiteScratch().filled()
    try FileManager.default.createSymbolicLink(atPath: scratch.path, withDestinationPath: elsewhere.path)
    #expect(scratch.refusal()?.kind == .corrupted)
    unlink(scratch.path)
    mkfifo(scratch.path, 0o600)
    #expect(scratch.refusal()?.kind == .corrupted)
    unlink(scratch.path)
    mkdir(scratch.path, 0o700)
    #expect(scratch.refusal()?.kind == .corrupted)
  }

  @Test("A path without a folder, or that is none")
  func paths() throws {
    #expect(kind { try SQLiteBackend(path: scratch.folder + "/none/x.db").close() } == .backend)
    #expect(kind { try SQLiteBackend(path: "").close() } == .invalidArgument)
    #expect(kind { try SQLiteBackend(path: scratch.folder + "/a\0b").close() } == .invalidArgument)
    #expect(try scratch.contents().isEmpty)
  }

  @Test("A second opening, by whatever path")
  func twice() throws {
    let backend = try scratch.open()
    #expect(scratch.refusal()?.kind == .locked)
    #expect(scratch.refusal(StoreOptions(access: .readOnly))?.kind == .locked)
    let alias = scratch.folder + "/../" + (scratch.folder as NSString).lastPathComponent + "/store.db"
    #expect(kind { try SQLiteBackend(path: alias).close() } == .locked)
    backend.close()
    #expect(scratch.refusal() == nil)
  }
}
