import Foundation
import PersistencySQLite
import Testing

@Suite("The tool on a full disk", .serialized)
struct FullDiskTests {
  /// Small file systems need root, and are Linux's.
  static let canMount = getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/mount")

  private func onSmallDisk(_ megabytes: Int, _ body: (Tool, _ disk: String) throws -> Void) throws {
    try Tool.inFreshRoot { tool throws in
      let disk = tool.root + "-disk"
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      let mounted = try tool.run("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", disk])
      try #require(mounted.status == 0, "\(mounted.error)")
      defer {
        _ = try? tool.run("umount", [disk])
        try? FileManager.default.removeItem(atPath: disk)
      }
      try body(tool, disk)
    }
  }

  /// A job of about 8 MiB.
  private func makeLarge(_ tool: Tool, _ root: String) throws {
    let shell = try tool.run(
      "sqlite3",
      [
        root + "/large.db",
        """
        PRAGMA journal_mode=OFF;
        CREATE TABLE kv (category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL,
          PRIMARY KEY (category, key)) WITHOUT ROWID;
        PRAGMA user_version=1;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
        INSERT INTO kv SELECT CAST('c' AS BLOB), CAST(printf('%06d', i) AS BLOB), randomblob(900) FROM n;
        """,
      ])
    try #require(shell.status == 0, "\(shell.error)")
  }

  @Test(
    "a copy, import, backup or migration without room is one clear error, leaves nothing, and works with room",
    .enabled(if: canMount, "mounting needs root"), arguments: EnginePair.names)
  func noRoom(_ engine: String) throws {
    try onSmallDisk(9) { tool, disk in
      try makeLarge(tool, disk)
      #expect(try tool("count", "large", "--root", disk).status == 0)
      let digest = try tool("digest", "large", "--root", disk).output
      let commands =
        [["copy", "large", "b", "--engine", engine]]
        + (engine == "sqlite" ? [] : [["migrate", "large", "--engine", engine]])
      for command in commands {
        let full = try tool.run("persistency", command + ["--root", disk])
        #expect(full.status == 74 && full.error.contains("storageFull"), "\(command): \(full.error)")
        #expect(full.error.split(separator: "\n").count == 1, "\(full.error)")
        let left = try FileManager.default.contentsOfDirectory(atPath: disk).filter {
          !$0.hasSuffix(".lock") && !$0.hasPrefix("large.db") && $0 != "large.job"
        }
        #expect(left == [], "\(command)")
        #expect(try tool("digest", "large", "--root", disk).output == digest)
      }
      try makeLarge(tool, tool.root)
      let imported = try tool.shell("persistency export large | persistency import c --engine \(engine) --root \(disk)")
      #expect(imported.status == 74 && imported.error.contains("storageFull"), "\(imported.error)")
      let canBackUp = Engine.sqlite.capabilities.maintenance.contains(.backup)
      let backup = try tool("backup", "large", disk + "/inner")
      #expect(backup.status == (canBackUp ? 74 : 69), "\(backup.error)")
      let left = (try? FileManager.default.contentsOfDirectory(atPath: disk + "/inner")) ?? []
      #expect(left.allSatisfy { $0.hasSuffix(".lock") }, "\(left)")
      _ = try tool.run("mount", ["-o", "remount,size=200m", disk])
      for command in commands {
        let room = try tool.run("persistency", command + ["--root", disk])
        #expect(room.status == 0, "\(command): \(room.error)")
      }
      #expect(try tool("digest", "b", "--root", disk).output == digest)
      if canBackUp { #expect(try tool("backup", "large", disk + "/inner").status == 0) }
    }
  }

  @Test("an export to a full disk says so, and leaves no half file", .enabled(if: canMount, "mounting needs root"))
  func export() throws {
    try onSmallDisk(4) { tool, disk in
      try makeLarge(tool, tool.root)
      let full = try tool("export", "large", "--output", disk + "/large.kvs")
      #expect(full.status == 74 && full.error.contains("storageFull"), "\(full.error)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == [])
    }
  }
}
