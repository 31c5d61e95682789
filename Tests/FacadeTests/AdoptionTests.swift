import Foundation
import PersistencyCore
import PersistencySQLite
import TestSupport
import Testing

@Suite("Files of the Nim original")
struct AdoptionTests {
  /// Makes the file that the original would have made, with the `sqlite3` shell.
  private func original(_ path: String, setUp: String = "", then commands: [String] = []) throws {
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    shell.arguments =
      [
        "sqlite3", path,
        """
        PRAGMA journal_mode=WAL;
        CREATE TABLE kv (category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL,
          PRIMARY KEY (category, key)) WITHOUT ROWID;
        PRAGMA user_version=1;
        INSERT INTO kv VALUES (x'63', x'6b', x'01');
        \(setUp)
        """,
      ] + commands
    shell.standardOutput = Pipe()
    try shell.run()
    shell.waitUntilExit()
    try #require(shell.terminationStatus == 0)
  }

  @Test("a file with the right schema and no manifest is adopted, by rename where its name was not encoded")
  func adopted() async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      for id in ["plain", "é", "two words"] {
        try original(root + "/\(id).db")
        let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
        let job = try await jobs.openJob(id)
        #expect(job.engine.name == "sqlite")
        #expect(try await job.scan(category: "c") == [KvRow(key: Key(rawBytes: [0x6B]), payload: [1])])
        try await jobs.close()
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: root).filter { $0.hasSuffix(".db") }
      #expect(names.sorted() == ["%C3%A9.db", "plain.db", "two%20words.db"])
    }
  }

  @Test(
    "a foreign, newer or garbage file is refused and left as it is",
    arguments: [
      ("ALTER TABLE kv ADD COLUMN more;", PersistencyError.Kind.corrupted),
      ("PRAGMA application_id=7;", .corrupted), ("PRAGMA user_version=2;", .unsupported), ("garbage", .corrupted),
    ])
  func refused(_ setUp: String, _ wanted: PersistencyError.Kind) async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      let path = root + "/job.db"
      if setUp == "garbage" {
        try Data(repeating: 0x5A, count: 5_000).write(to: URL(fileURLWithPath: path))
      } else {
        try original(path, setUp: setUp)
      }
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
      #expect(await kind { _ = try await jobs.openJob("job") } == wanted)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
      let names = try FileManager.default.contentsOfDirectory(atPath: root).filter { $0 != "job.lock" }
      #expect(names == ["job.db"])
      try await jobs.close()
    }
  }

  @Test("regression: a file that is refused keeps its name")
  func refusedUnderItsName() async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      try original(root + "/two words.db", setUp: "PRAGMA user_version=2;")
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
      #expect(await kind { _ = try await jobs.openJob("two words") } == .unsupported)
      let names = try FileManager.default.contentsOfDirectory(atPath: root).filter { !$0.hasSuffix(".lock") }
      #expect(names == ["two words.db"])
      try await jobs.close()
    }
  }

  @Test("an adoption that was cut short between two renames loses nothing of the log", arguments: [false, true])
  func cutShort(_ logMoved: Bool) async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      // Copied while the shell has it open: the rows are in the log only.
      let (source, copy) = (root + "/source.db", root + "/two words.db")
      try original(source, then: [".shell cp '\(source)' '\(copy)'", ".shell cp '\(source)-wal' '\(copy)-wal'"])
      #expect(FileManager.default.fileExists(atPath: copy + "-wal"))
      if logMoved { try FileManager.default.moveItem(atPath: copy + "-wal", toPath: root + "/two%20words.db-wal") }
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
      let job = try await jobs.openJob("two words")
      #expect(try await job.scan(category: "c") == [KvRow(key: Key(rawBytes: [0x6B]), payload: [1])])
      try await jobs.close()
    }
  }

  @Test("regression: an id that looks like the encoding of another never adopts that one's file")
  func otherJobsFile() async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      // As a crash leaves it between the rename of é.db and its manifest.
      try original(root + "/%C3%A9.db")
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
      #expect(try await jobs.openJob("%C3%A9").count(category: "c") == 0)
      #expect(try await jobs.openJob("é").count(category: "c") == 1)
      try await jobs.close()
    }
  }
}
