import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("Ids and paths")
struct NamesTests {
  static let hostile = [
    ".", "..", "../x", "/", "/etc/x", "a/b", "a\\b", "a\0b", "a", "CON", "NUL", "a.", "a ", "\n", "\u{1B}[2J",
    "\u{202E}",
    "🦊", "Job", "job", "LOCK", "CURRENT", "data.mdb", ".lock", "db.sqlite-wal", "é", "e\u{301}", "a.job", "a.db",
    "a.db-wal",
    "a.lmdb", "a.rocks", "a.lock", "a.job.tmp", "%2E", "%2e", "%", "~", "-rf", String(repeating: "x", count: 200),
    String(repeating: "é", count: 100), String(repeating: "/", count: 199), String(repeating: "/", count: 200),
  ]

  @Test(
    "Hostile ids are jobs of their own on every engine, and nothing is made outside the root", arguments: Engine.stored)
  func hostileIDs(_ engine: Engine) async throws {
    try await withRoot { parent in
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      let beside = try FileManager.default.contentsOfDirectory(atPath: FileManager.default.temporaryDirectory.path)
        .filter { $0.hasPrefix("x") }
      var jobs = try Persistency(rootDirectory: parent + "/root", engines: [engine])
      for id in Self.hostile {
        try await jobs.openJob(id).put(category: "c", key: Key(), payload: Array(id.utf8))
        try await jobs.closeJob(id)
      }
      try await jobs.close()
      jobs = try Persistency(rootDirectory: parent + "/root", engines: [engine])
      let stored = try jobs.storedJobs().map { Array($0.id.utf8) }
      #expect(stored.count == Self.hostile.count && Set(stored) == Set(Self.hostile.map { Array($0.utf8) }))
      for id in Self.hostile {
        #expect(try await jobs.openJob(id).get(category: "c", key: Key()) == Array(id.utf8), "\(id)")
        try await jobs.dropJob(id)
      }
      #expect(try jobs.storedJobs() == [])
      try await jobs.close()
      #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == ["root"])
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: parent + "/root").allSatisfy { $0.hasSuffix(".lock") })
      let after = try FileManager.default.contentsOfDirectory(atPath: FileManager.default.temporaryDirectory.path)
        .filter { $0.hasPrefix("x") }
      #expect(after == beside)
    }
  }

  @Test("Ids of no bytes and of more than 200 are refused by every call, and make nothing")
  func lengths() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      for id in [
        "", String(repeating: "x", count: 201), String(repeating: "é", count: 101), String(repeating: "🦊", count: 51),
      ] {
        #expect(await kind { _ = try await jobs.openJob(id) } == .invalidArgument)
        #expect(await kind { try await jobs.closeJob(id) } == .invalidArgument)
        #expect(await kind { try await jobs.dropJob(id) } == .invalidArgument)
        #expect(await kind { _ = try jobs.job(id) } == .invalidArgument)
        #expect(!jobs.hasJob(id))
      }
      #expect(!FileManager.default.fileExists(atPath: root))
      try await jobs.close()
    }
  }

  @Test(
    "regression: a root that is a link is followed once: led elsewhere, the open job stays whole where it is",
    arguments: Engine.stored)
  func linkedRoot(_ engine: Engine) async throws {
    try await withRoot { parent in
      for folder in ["one", "other"] {
        try FileManager.default.createDirectory(atPath: parent + "/" + folder, withIntermediateDirectories: true)
      }
      let link = parent + "/root"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: parent + "/one")
      var jobs = try Persistency(rootDirectory: link, engines: [engine])
      let job = try await jobs.openJob("job")
      try await job.put(category: "c", key: Key("k"), payload: [1])
      try FileManager.default.removeItem(atPath: link)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: parent + "/other")
      try await job.put(category: "c", key: Key("l"), payload: [2])
      try await jobs.close()
      #expect(try FileManager.default.contentsOfDirectory(atPath: parent + "/other") == [])

      jobs = try Persistency(rootDirectory: parent + "/one", engines: [engine])
      let manifest = try Data(contentsOf: URL(fileURLWithPath: parent + "/one/job.job"))
      #expect(String(decoding: manifest, as: UTF8.self).contains("clean"))
      #expect(try await jobs.openJob("job").count(category: "c") == 2)
      try await jobs.close()
    }
  }

  @Test("storedJobs passes over what is not ours, half made or half dropped")
  func junk() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      for engine in Engine.stored { _ = try await jobs.openJob("on " + engine.name, engine: engine) }
      let files = FileManager.default
      let manifest = try Data(contentsOf: URL(fileURLWithPath: root + "/on%20sqlite.job"))
      try Data("junk".utf8).write(to: URL(fileURLWithPath: root + "/junk.job"))
      try Data().write(to: URL(fileURLWithPath: root + "/empty.job"))
      try manifest.write(to: URL(fileURLWithPath: root + "/another-name.job"))
      try manifest.write(to: URL(fileURLWithPath: root + "/draft.job.tmp"))
      try files.createDirectory(atPath: root + "/folder.job", withIntermediateDirectories: true)
      try files.createDirectory(atPath: root + "/alone.lmdb", withIntermediateDirectories: true)
      try Data().write(to: URL(fileURLWithPath: root + "/alone.db"))
      try #require(mkfifo(root + "/pipe.job", 0o600) == 0)
      try files.createSymbolicLink(atPath: root + "/link.job", withDestinationPath: root + "/on%20sqlite.job")
      for (id, state) in [("made", "creating"), ("gone", "dropping")] {
        let text = String(decoding: manifest, as: UTF8.self).replacing("on sqlite", with: id)
          .replacing("ready", with: state)
        try Data(text.utf8).write(to: URL(fileURLWithPath: root + "/\(id).job"))
      }
      // A name that is not UTF-8.
      let name = Array((root + "/").utf8) + [0xFF, 0xFE] + Array(".job\0".utf8)
      let file = name.withUnsafeBytes { name in
        name.withMemoryRebound(to: CChar.self) { name in
          name.baseAddress.map { open($0, O_CREAT | O_WRONLY, 0o600) } ?? -1
        }
      }
      try #require(file >= 0)
      close(file)
      #expect(try jobs.storedJobs().map(\.id) == ["on lmdb", "on rocks", "on sqlite"])
      try await jobs.close()
    }
  }
}
