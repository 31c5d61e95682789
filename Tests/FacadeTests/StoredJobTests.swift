import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("Stored jobs")
struct StoredJobTests {
  private func jobs(_ root: String, _ engines: [Engine] = Engine.every) throws -> Persistency {
    try Persistency(rootDirectory: root, engines: engines)
  }

  /// Makes job `id` with one row and closes everything.
  private func make(_ id: String, on engine: Engine, in root: String, _ options: JobOptions = .init()) async throws {
    let jobs = try jobs(root)
    let job = try await jobs.openJob(id, engine: engine, options: options)
    try await job.put(category: "c", key: Key("k"), payload: Array(id.utf8))
    try await jobs.close()
  }

  private func manifest(_ root: String, _ name: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: root + "/\(name).job"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func change(_ root: String, _ name: String, _ change: (inout [String: Any]) -> Void) throws {
    var fields = try manifest(root, name)
    change(&fields)
    try JSONSerialization.data(withJSONObject: fields).write(to: URL(fileURLWithPath: root + "/\(name).job"))
  }

  // MARK: Engines

  @Test("a job reopens on the engine it was made with", arguments: Engine.stored)
  func reopens(_ engine: Engine) async throws {
    try await withRoot { root in
      try await make("job", on: engine, in: root)
      let jobs = try jobs(root)
      let job = try await jobs.openJob("job")
      #expect(job.engine.name == engine.name)
      #expect(try await job.get(category: "c", key: Key("k")) == Array("job".utf8))
      let again = try await jobs.openJob("job")
      #expect(again === job && jobs["job"] === job && jobs.hasJob("job"))
      #expect(try jobs.storedJobs().map(\.id) == ["job"])
      #expect(try jobs.storedJobs().allSatisfy { $0.engine == engine.name && $0.bytesOnDisk > 0 })
      try await jobs.close()
    }
  }

  @Test("naming another engine, an unknown one, or other options is refused", arguments: Engine.stored)
  func otherEngine(_ engine: Engine) async throws {
    try await withRoot { root in
      try await make("job", on: engine, in: root)
      let all = try jobs(root)
      for other in Engine.every where other.name != engine.name {
        #expect(await kind { _ = try await all.openJob("job", engine: other) } == .invalidArgument)
      }
      let few = try jobs(root, [.memory])
      #expect(await kind { _ = try await few.openJob("job") } == .invalidArgument)
      #expect(await kind { _ = try await few.openJob("x", engine: .sqlite) } == .invalidArgument)
      _ = try await all.openJob("job")
      #expect(
        await kind { _ = try await all.openJob("job", options: JobOptions(durability: .full)) } == .invalidArgument)
      try await all.close()
    }
  }

  @Test("a memory job writes no file and is empty at each open")
  func memory() async throws {
    try await withRoot { root in
      try await make("job", on: .memory, in: root)
      #expect(!FileManager.default.fileExists(atPath: root))
      let jobs = try jobs(root, [.memory])
      let job = try await jobs.openJob("job")
      #expect(try await job.count(category: "c") == 0)
      try await jobs.dropJob("job")
      #expect(!jobs.hasJob("job"))
      try await jobs.close()
    }
  }

  // MARK: The root

  @Test("the root is checked at init and made by the first open")
  func root() async throws {
    try await withRoot { root in
      let jobs = try jobs(root + "/deep/below")
      #expect(!FileManager.default.fileExists(atPath: root))
      #expect(try jobs.storedJobs() == [])
      _ = try await jobs.openJob("job")
      try await jobs.close()
      let mode = try FileManager.default.attributesOfItem(atPath: root + "/deep/below")[.posixPermissions] as? Int
      #expect(mode == 0o700)
      for name in ["job.job", "job.lock", "job.db"] {
        let mode = try FileManager.default.attributesOfItem(atPath: root + "/deep/below/" + name)[.posixPermissions]
        #expect(mode as? Int == 0o600, "\(name)")
      }
      for bad in ["", root + "/deep/below/job.db", root + "/deep/below/job.db/x/y"] {
        #expect(await kind { _ = try Persistency(rootDirectory: bad, engines: [.memory]) } == .invalidArgument)
      }
      #expect(await kind { _ = try Persistency(rootDirectory: root, engines: []) } == .invalidArgument)
      #expect(await kind { _ = try Persistency(rootDirectory: root, engines: [.sqlite, .sqlite]) } == .invalidArgument)
    }
  }

  @Test("a second instance on one root gets .locked for a job the first has open", arguments: Engine.stored)
  func locked(_ engine: Engine) async throws {
    try await withRoot { root in
      let (first, second) = (try jobs(root), try jobs(root))
      _ = try await first.openJob("job", engine: engine)
      #expect(await kind { _ = try await second.openJob("job") } == .locked)
      #expect(await kind { try await second.dropJob("job") } == .locked)
      try await first.closeJob("job")
      _ = try await second.openJob("job")
      try await first.close()
      try await second.close()
    }
  }

  // MARK: Ids

  @Test("hostile ids stay inside the root, apart from each other, and come back from storedJobs")
  func hostileIDs() async throws {
    let ids = [
      ".", "..", "../x", "/", "/etc/x", "a/b", "a\\b", "a\0b", "CON", "a.", "a ", "\n", "\u{1B}", "\u{202E}", "🦊",
      "LOCK",
      "data.mdb", ".lock", "db.sqlite-wal", "é", "e\u{301}", "a", "a.job", "a.db", "a.lock", "%2E", "%2e",
      String(repeating: "x", count: 200), String(repeating: "/", count: 199), String(repeating: "/", count: 200),
    ]
    try await withRoot { root in
      let parent = root + "/root"
      let jobs = try jobs(parent, [.sqlite])
      for id in ids { try await jobs.openJob(id).put(category: "c", key: Key(), payload: Array(id.utf8)) }
      for id in ids {
        #expect(try await jobs.job(id).get(category: "c", key: Key()) == Array(id.utf8))
      }
      try await jobs.close()
      let again = try self.jobs(parent, [.sqlite])
      let stored = try again.storedJobs().map { Array($0.id.utf8) }
      #expect(Set(stored) == Set(ids.map { Array($0.utf8) }) && stored.count == ids.count)
      #expect(try FileManager.default.contentsOfDirectory(atPath: root) == ["root"])
      for id in ["", String(repeating: "x", count: 201)] {
        #expect(await kind { _ = try await again.openJob(id) } == .invalidArgument)
      }
      try await again.close()
    }
  }

  @Test("regression: an id that looks like another's file name does not adopt its store")
  func encodedName() async throws {
    try await withRoot { root in
      try await make(".", on: .sqlite, in: root)
      let jobs = try jobs(root)
      #expect(try await jobs.openJob("%2E").count(category: "c") == 0)
      #expect(try await jobs.openJob(".").count(category: "c") == 1)
      try await jobs.close()
    }
  }

  @Test("a manifest that holds another id keeps its store to itself")
  func collision() async throws {
    try await withRoot { root in
      try await make("Job", on: .sqlite, in: root)
      for suffix in ["db", "job", "lock"] {
        try FileManager.default.moveItem(atPath: root + "/Job.\(suffix)", toPath: root + "/job.\(suffix)")
      }
      let jobs = try jobs(root)
      #expect(await kind { _ = try await jobs.openJob("job") } == .invalidArgument)
      #expect(await kind { try await jobs.dropJob("job") } == .invalidArgument)
      #expect(FileManager.default.fileExists(atPath: root + "/job.db"))
      try await jobs.close()
    }
  }

  // MARK: What is refused

  @Test(
    "a store that is missing, emptied or cut behind our back is corrupted, never a fresh one", arguments: Engine.stored)
  func missingStore(_ engine: Engine) async throws {
    try await withRoot { root in
      try await make("job", on: engine, in: root)
      let jobs = try jobs(root)
      let store = root + "/job" + engine.fileSuffix
      let away = root + "/away"
      try FileManager.default.moveItem(atPath: store, toPath: away)
      #expect(await kind { _ = try await jobs.openJob("job") } == .corrupted)
      #expect(!FileManager.default.fileExists(atPath: store))
      try FileManager.default.createSymbolicLink(atPath: store, withDestinationPath: away)
      #expect(await kind { _ = try await jobs.openJob("job") } == .corrupted)
      try FileManager.default.removeItem(atPath: store)
      if engine.name == "sqlite" {
        _ = FileManager.default.createFile(atPath: store, contents: nil)
      } else {
        try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
      }
      #expect(await kind { _ = try await jobs.openJob("job") } == .corrupted)
      // Refused twice: the first refusal must not void what the second compares with.
      #expect(await kind { _ = try await jobs.openJob("job") } == .corrupted)
      try FileManager.default.removeItem(atPath: store)
      try FileManager.default.moveItem(atPath: away, toPath: store)
      let job = try await jobs.openJob("job")
      #expect(try await job.count(category: "c") == 1)
      try await jobs.close()
    }
  }

  @Test("a newer format is unsupported, junk in place of the manifest corrupted, and nothing is changed")
  func manifests() async throws {
    try await withRoot { root in
      try await make("job", on: .sqlite, in: root)
      try change(root, "job") { $0["format"] = 99 }
      let jobs = try jobs(root)
      #expect(await kind { _ = try await jobs.openJob("job") } == .unsupported)
      #expect(try jobs.storedJobs() == [])
      let junk = Data("junk".utf8)
      try junk.write(to: URL(fileURLWithPath: root + "/job.job"))
      #expect(await kind { _ = try await jobs.openJob("job") } == .corrupted)
      #expect(try Data(contentsOf: URL(fileURLWithPath: root + "/job.job")) == junk)
      try await jobs.close()
    }
  }

  @Test("an LMDB or RocksDB store without a manifest is corrupted", arguments: [Engine.lmdb, .rocks])
  func withoutManifest(_ engine: Engine) async throws {
    try await withRoot { root in
      try await make("job", on: engine, in: root)
      try FileManager.default.removeItem(atPath: root + "/job.job")
      let jobs = try jobs(root)
      #expect(await kind { _ = try await jobs.openJob("job") } == .corrupted)
      #expect(await kind { _ = try await jobs.openJob("job", engine: engine) } == .corrupted)
      try await jobs.close()
    }
  }

  // MARK: Half made, half dropped

  @Test("a store found creating is made anew; one found dropping is gone", arguments: Engine.stored)
  func halfMade(_ engine: Engine) async throws {
    for state in ["creating", "dropping"] {
      try await withRoot { root in
        try await make("job", on: engine, in: root)
        try change(root, "job") { $0["state"] = state }
        let jobs = try jobs(root)
        #expect(try jobs.storedJobs() == [])
        let job = try await jobs.openJob("job", engine: engine)
        #expect(try await job.count(category: "c") == 0)
        try await jobs.close()
      }
    }
  }

  @Test("dropJob removes the files and frees the id; an unknown job is .jobNotFound", arguments: Engine.stored)
  func drop(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try jobs(root)
      let job = try await jobs.openJob("job", engine: engine)
      try await job.persistPut(category: "c", key: Key(), payload: [])
      try await jobs.dropJob("job")
      #expect(try FileManager.default.contentsOfDirectory(atPath: root) == ["job.lock"])
      #expect(await kind { _ = try await job.get(category: "c", key: Key()) } == .closed)
      #expect(await kind { try await jobs.dropJob("job") } == .jobNotFound)
      #expect(await kind { _ = try jobs.job("job") } == .jobNotFound)
      #expect(
        await kind { _ = try await jobs.openJob("job", options: JobOptions(createIfMissing: false)) } == .jobNotFound)
      let other = Engine.stored.first { $0.name != engine.name }
      #expect(try await jobs.openJob("job", engine: other).count(category: "c") == 0)
      try await jobs.close()
    }
  }

  @Test(
    "a volatile store that was not closed in an earlier boot is discarded; in this boot it is kept",
    arguments: Engine.stored)
  func volatile(_ engine: Engine) async throws {
    let options = JobOptions(durability: .volatile)
    try await withRoot { root in
      try await make("job", on: engine, in: root, options)
      // As a kill leaves it: no clean close.
      try change(root, "job") { $0["clean"] = nil }
      var jobs = try jobs(root)
      #expect(try await jobs.openJob("job").count(category: "c") == 1, "the boot is the same")
      try await jobs.close()
      try change(root, "job") {
        $0["clean"] = nil
        $0["boot"] = "another"
        $0["durability"] = "volatile"
      }
      jobs = try self.jobs(root)
      #expect(try await jobs.openJob("job").count(category: "c") == 0)
      try await jobs.close()
      // Closed cleanly, another boot changes nothing.
      try await make("kept", on: engine, in: root, options)
      try change(root, "kept") { $0["boot"] = "another" }
      jobs = try self.jobs(root)
      #expect(try await jobs.openJob("kept").count(category: "c") == 1)
      try await jobs.close()
    }
  }

  // MARK: Read-only

  @Test("read-only access reads, refuses writes, and makes nothing", arguments: Engine.stored)
  func readOnly(_ engine: Engine) async throws {
    try await withRoot { root in
      try await make("job", on: engine, in: root)
      let before = try FileManager.default.contentsOfDirectory(atPath: root).sorted()
      let jobs = try jobs(root)
      let job = try await jobs.openJob("job", options: JobOptions(access: .readOnly))
      #expect(try await job.count(category: "c") == 1)
      #expect(await kind { try await job.persistPut(category: "c", key: Key(), payload: []) } == .unsupported)
      #expect(await kind { try await job.delete(category: "c", key: Key("k")) } == .unsupported)
      #expect(
        await kind { _ = try await jobs.openJob("none", options: JobOptions(access: .readOnly)) } == .jobNotFound)
      try await jobs.close()
      #expect(try FileManager.default.contentsOfDirectory(atPath: root).sorted() == before)
    }
  }
}
