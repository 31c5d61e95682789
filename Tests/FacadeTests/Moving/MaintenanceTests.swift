import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("Looking after jobs")
struct MaintenanceTests {
  private func offers(_ engine: Engine, _ call: Capabilities.Maintenance) -> Bool {
    engine.capabilities.maintenance.contains(call)
  }

  // MARK: Stat

  @Test("a stat has rows, bytes and the outermost keys of every category", arguments: Engine.every)
  func stat(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let job = try await jobs.makeHostileJob("a", on: engine)
      let stat = try await jobs.statJob("a")
      #expect(stat.id == "a" && stat.engine == engine.name && stat.rows == 1_521)
      #expect(try await jobs.countJob("a") == 1_521)
      let names = try await job.categories()
      #expect(stat.categories.map(\.category) == names.map { Array($0.utf8) })
      for (category, name) in zip(stat.categories, names) {
        let rows = try await job.scan(category: name)
        #expect(category.rows == rows.count)
        #expect(category.keyBytes == rows.reduce(0) { $0 + $1.key.bytes.count })
        #expect(category.payloadBytes == rows.reduce(0) { $0 + $1.payload.count })
        #expect(category.firstKey == rows.first?.key && category.lastKey == rows.last?.key)
      }
      #expect(((stat.bytesOnDisk ?? 0) > 0) == engine.capabilities.persistent)
      #expect(await kind { _ = try await jobs.statJob("none") } == .jobNotFound)
      try await jobs.close()
    }
  }

  @Test("the list says who has a job open, at what level, and what is kept", arguments: Engine.stored)
  func list(_ engine: Engine) async throws {
    try await withRoot { root in
      let other: Engine = engine.name == "lmdb" ? .sqlite : .lmdb
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      _ = try await jobs.openJob("a", engine: engine, options: JobOptions(durability: .full))
      var stored = try #require(try jobs.storedJobs().first)
      #expect(stored.use == .open && stored.process == Int(getpid()) && stored.durability == .full)
      try await jobs.closeJob("a")
      stored = try #require(try jobs.storedJobs().first)
      #expect(stored.use == .closed && stored.process == nil && stored.superseded == nil)
      try await jobs.migrateJob("a", to: other)
      stored = try #require(try jobs.storedJobs().first)
      #expect(stored.engine == other.name && stored.superseded == engine.name)
      // As a killed process leaves it.
      let manifest = root + "/a.job"
      var fields = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: manifest))) as? [String: Any])
      fields["clean"] = nil
      try JSONSerialization.data(withJSONObject: fields).write(to: URL(fileURLWithPath: manifest))
      #expect(try jobs.storedJobs().first?.use == .unclean)
      try await jobs.close()
    }
  }

  // MARK: Check

  @Test("a sound job is found sound, open and closed", arguments: Engine.every)
  func sound(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      try await jobs.makeHostileJob("a", on: engine)
      let digest = try await jobs.digestJob("a")
      let open = try await jobs.checkJob("a")
      #expect(open.isSound && open.digest == digest && open.engine == engine.name, "\(open.findings)")
      guard engine.capabilities.persistent else { return try await jobs.close() }
      try await jobs.closeJob("a")
      let closed = try await jobs.checkJob("a")
      #expect(closed.isSound && closed.digest == digest && closed.notes == [], "\(closed)")
      #expect(!jobs.hasJob("a"))
      #expect(await kind { _ = try await jobs.checkJob("none") } == .jobNotFound)
      try await jobs.close()
    }
  }

  @Test(
    "damage is a verdict: a store that is gone, cut or overwritten, a manifest that is none", arguments: Engine.stored)
  func damaged(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      func damage(_ what: String, _ body: (String) throws -> Void) async throws {
        try await jobs.makeHostileJob("a", on: engine)
        try await jobs.closeJob("a")
        try body(root + "/a" + engine.fileSuffix)
        let before = try contents(of: root)
        let check = try await jobs.checkJob("a")
        #expect(!check.isSound && check.digest == nil || !check.findings.isEmpty, "\(what)")
        #expect(try contents(of: root) == before, "\(what)")
        for name in try FileManager.default.contentsOfDirectory(atPath: root) {
          try FileManager.default.removeItem(atPath: root + "/" + name)
        }
      }
      try await damage("gone") { try FileManager.default.removeItem(atPath: $0) }
      try await damage("no manifest") { store in
        try Data("{}".utf8).write(to: URL(fileURLWithPath: root + "/a.job"))
        _ = store
      }
      try await damage("half a file") { store in
        let file = try largestFile(in: store)
        let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
        #expect(truncate(file, off_t(size / 2)) == 0)
      }
      try await damage("overwritten") { store in
        let file = try largestFile(in: store)
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
        let size = try handle.seekToEnd()
        try handle.seek(toOffset: size / 8)
        try handle.write(contentsOf: Data(repeating: 0xA5, count: Int(size / 2)))
        try handle.close()
      }
      try await jobs.close()
    }
  }

  /// Every file with its size; what an engine's opening touches otherwise is its own.
  private func contents(of root: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: root).sorted().filter {
      !$0.hasSuffix(".lock") && !$0.hasSuffix("-shm") && !$0.hasSuffix("-wal") && !$0.hasSuffix("lock.mdb")
        && !$0.contains("LOG")
    }
  }

  private func largestFile(in store: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: store, isDirectory: &isFolder), isFolder.boolValue else {
      return store
    }
    func size(_ file: String) -> Int {
      (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int ?? 0
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: store).map { store + "/" + $0 }
    return try #require(files.max { size($0) < size($1) })
  }

  @Test("a migration that was cut short, or whose old store is kept, is a note and no finding")
  func notes() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, .lmdb])
      try await jobs.makeHostileJob("a", on: .sqlite)
      try await jobs.closeJob("a")
      try await jobs.migrateJob("a", to: .lmdb)
      let check = try await jobs.checkJob("a")
      #expect(check.isSound && check.notes.count == 1 && check.notes[0].contains("sqlite"))
      try await jobs.close()
    }
  }

  @Test("regression: a digest leaves no thread's stack behind", .enabled(if: ProcessUse.isKnown))
  func threadsEnd() async throws {
    try await withRoot { root in
      await #expect(processExitsWith: .success) { [root = root as String] in
        let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
        try await jobs.makeHostileJob("a", on: .sqlite)
        for _ in 0..<20 { _ = try await jobs.digestJob("a") }
        let before = ProcessUse.mappings
        for _ in 0..<100 { _ = try await jobs.digestJob("a") }
        #expect(ProcessUse.mappings < before + 20)
        try await jobs.close()
      }
    }
  }

  // MARK: Backup

  @Test("a backup is a job of another root, and equal", arguments: Engine.every)
  func backup(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      try await jobs.makeHostileJob("a b", on: engine)
      let digest = try await jobs.digestJob("a b")
      let place = root + "/backups/today"
      guard offers(engine, .backup) else {
        #expect(await kind { try await jobs.backupJob("a b", to: place) } == .unsupported)
        #expect(!FileManager.default.fileExists(atPath: root + "/backups"))
        return try await jobs.close()
      }
      #expect(try await jobs.backupJob("a b", to: place) > 0)
      #expect(await kind { try await jobs.backupJob("a b", to: place) } == .conflict)
      #expect(await kind { try await jobs.backupJob("a b", to: root) } == .conflict)
      #expect(await kind { try await jobs.backupJob("none", to: place) } == .jobNotFound)
      #expect(await kind { try await jobs.backupJob("a b", to: "/dev/null/x") } == .invalidArgument)
      let copies = try Persistency(rootDirectory: place, engines: [engine])
      #expect(try await copies.digestJob("a b") == digest)
      #expect(try await copies.checkJob("a b").isSound)
      try await copies.openJob("a b").put(category: "c", key: Key("k"), payload: [1])
      #expect(try await jobs.digestJob("a b") == digest)
      try await copies.close()
      // Of a closed job, too.
      try await jobs.closeJob("a b")
      try await jobs.backupJob("a b", to: root + "/backups/closed")
      #expect(!jobs.hasJob("a b"))
      try await jobs.close()
    }
  }

  // MARK: Reclaim

  /// Fills a job, and deletes most of it again.
  private func makeHollow(_ jobs: Persistency, on engine: Engine) async throws -> Job {
    let job = try await jobs.openJob("a", engine: engine)
    for block in 0..<20 {
      try await job.apply(
        (0..<500).map {
          .put(
            category: "c", key: Key(Int64(block * 500 + $0)), payload: .init(repeating: UInt8($0 % 251), count: 1_000))
        })
    }
    try await job.apply([.deleteRange(category: "c", range: KeyRange(start: Key(Int64(100)), stop: nil))])
    return job
  }

  @Test("a closed job gives its unused space back, and holds what it held", arguments: Engine.stored)
  func reclaim(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      _ = try await makeHollow(jobs, on: engine)
      try await jobs.closeJob("a")
      let digest = try await jobs.digestJob("a")
      let before = try #require(try jobs.storedJobs().first?.bytesOnDisk)
      guard offers(engine, .reclaim) || offers(engine, .backup) else {
        #expect(await kind { try await jobs.reclaimJob("a") } == .unsupported)
        return try await jobs.close()
      }
      let given = try await jobs.reclaimJob("a")
      let after = try #require(try jobs.storedJobs().first?.bytesOnDisk)
      #expect(given > 0 && after < before / 4, "\(engine): \(before) → \(after), \(given) given back")
      #expect(try await jobs.digestJob("a") == digest)
      #expect(try await jobs.checkJob("a").isSound)
      #expect(try names(in: root) == ["a" + engine.fileSuffix, "a.job"].sorted())
      #expect(try await jobs.reclaimJob("a") < 1 << 20)
      let job = try await jobs.openJob("a")
      try await job.put(category: "c", key: Key("new"), payload: [1])
      let other = try Persistency(rootDirectory: root, engines: [engine])
      #expect(await kind { try await other.reclaimJob("a") } == .locked)
      #expect(await kind { try await jobs.reclaimJob("none") } == .jobNotFound)
      try await jobs.close()
    }
  }

  @Test("an open job is reclaimed beside its writers", arguments: Engine.every)
  func reclaimOpen(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let job = try await makeHollow(jobs, on: engine)
      guard offers(engine, .reclaim) else {
        #expect(await kind { try await jobs.reclaimJob("a") } == .unsupported)
        return try await jobs.close()
      }
      let writer = Task {
        var number = 0
        while !Task.isCancelled {
          try await job.put(category: "d", key: Key(Int64(number)), payload: [1])
          number += 1
        }
        return number
      }
      _ = try await jobs.reclaimJob("a", budget: .seconds(2))
      writer.cancel()
      _ = try? await writer.value
      #expect(try await job.count(category: "c") == 100)
      #expect(try await jobs.checkJob("a").isSound)
      try await jobs.close()
    }
  }

  @Test(
    "a compacted copy that a crash left is put in place by the next opening, or thrown away", arguments: Engine.stored)
  func compactionCutShort(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      try await jobs.makeHostileJob("a", on: engine)
      try await jobs.closeJob("a")
      let digest = try await jobs.digestJob("a")
      let (store, copy) = (root + "/a" + engine.fileSuffix, root + "/a%~new" + engine.fileSuffix)
      func mark() throws {
        let manifest = URL(fileURLWithPath: root + "/a.job")
        var fields = try #require(
          try JSONSerialization.jsonObject(with: Data(contentsOf: manifest)) as? [String: Any])
        fields["isCompacted"] = true
        try JSONSerialization.data(withJSONObject: fields).write(to: manifest)
      }
      // Before the old store went, while it went, and after the copy took its name.
      for step in 0..<3 {
        try FileManager.default.copyItem(atPath: store, toPath: copy)
        if step > 0 { try FileManager.default.removeItem(atPath: store) }
        if step == 2 { try FileManager.default.moveItem(atPath: copy, toPath: store) }
        try mark()
        #expect(await kind { _ = try await jobs.digestJob("a") } == .locked)
        _ = try await jobs.openJob("a")
        try await jobs.closeJob("a")
        #expect(try await jobs.digestJob("a") == digest, "step \(step)")
        #expect(try names(in: root) == ["a" + engine.fileSuffix, "a.job"].sorted())
      }
      // A copy that was not complete is no one's: reclaim and drop take it away.
      try FileManager.default.copyItem(atPath: store, toPath: copy)
      #expect(try await jobs.digestJob("a") == digest)
      try await jobs.dropJob("a")
      #expect(try names(in: root) == [])
      try await jobs.close()
    }
  }
}
