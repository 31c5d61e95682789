import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("Whose a job is")
struct OwnershipTests {
  @Test(
    "Another process is refused at once, and told by whom; the owner does not notice", arguments: Engine.stored)
  func otherProcess(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let job = try await jobs.openJob("job")
      try await job.put(category: "c", key: Key("k"), payload: [1])
      await #expect(processExitsWith: .exitCode(0)) {
        [root = root as String, name = engine.name as String, owner = getpid() as Int32] in
        let engine = try #require(Engine.stored.first { $0.name == name })
        let jobs = try Persistency(rootDirectory: root, engines: [engine])
        for call in [
          { _ = try await jobs.openJob("job") }, { try await jobs.dropJob("job") },
          { _ = try await jobs.reclaimJob("job") },
        ] as [() async throws -> Void] {
          do {
            try await call()
            exit(1)
          } catch let error as PersistencyError {
            guard error.kind == .locked, error.message.contains("\(owner)") else {
              print(error)
              exit(2)
            }
          }
        }
        exit(0)
      }
      try await job.put(category: "c", key: Key("l"), payload: [2])
      #expect(try await job.count(category: "c") == 2)
      try await jobs.close()
    }
  }

  @Test(
    "The job of an owner that was killed opens without a wait, with all that it was told of", arguments: Engine.stored)
  func deadOwner(_ engine: Engine) async throws {
    try await withRoot { root in
      await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String, name = engine.name as String] in
        let engine = try #require(Engine.stored.first { $0.name == name })
        let job = try await Persistency(rootDirectory: root, engines: [engine]).openJob("job")
        try await job.put(category: "c", key: Key("k"), payload: [1])
        kill(getpid(), SIGKILL)
      }
      #expect(FileManager.default.fileExists(atPath: root + "/job.lock"))
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let job = try await jobs.openJob("job")
      #expect(try await job.get(category: "c", key: Key("k")) == [1])
      try await jobs.close()
    }
  }

  @Test(
    "A job is one by whatever path its root is reached: a link, or a mount of the same folder", arguments: Engine.stored
  )
  func alias(_ engine: Engine) async throws {
    try await withRoot { parent in
      for name in ["root", "mounted"] {
        try FileManager.default.createDirectory(atPath: parent + "/" + name, withIntermediateDirectories: true)
      }
      try FileManager.default.createSymbolicLink(atPath: parent + "/link", withDestinationPath: "root")
      // Only root mounts; others ask the link alone.
      let isMounted = geteuid() == 0 && run("mount", "--bind", parent + "/root", parent + "/mounted")
      defer { if isMounted { _ = run("umount", "-l", parent + "/mounted") } }
      let jobs = try Persistency(rootDirectory: parent + "/root", engines: [engine])
      let job = try await jobs.openJob("job")
      try await job.put(category: "c", key: Key("k"), payload: [1])
      for alias in isMounted ? ["link", "mounted", "root/../link"] : ["link", "root/../link"] {
        let other = try Persistency(rootDirectory: parent + "/" + alias, engines: [engine])
        #expect(await kind { _ = try await other.openJob("job") } == .locked, "\(alias)")
        // The backend by itself is refused too.
        let path = parent + "/" + alias + "/job" + engine.fileSuffix
        #expect(await kind { try engine.open(path).close() } == .locked, "\(alias)")
        try await other.close()
      }
      try await job.put(category: "c", key: Key("l"), payload: [2])
      try await jobs.close()
      let again = try Persistency(rootDirectory: parent + "/link", engines: [engine])
      #expect(try await again.openJob("job").count(category: "c") == 2)
      try await again.close()
    }
  }

  @Test(
    "Whatever is done with an open job, its engine keeps the locks that it has on its files", arguments: Engine.stored)
  func locksStay(_ engine: Engine) async throws {
    try await withRoot { root in
      let other: Engine = engine.name == "lmdb" ? .sqlite : .lmdb
      let jobs = try Persistency(rootDirectory: root, engines: [engine, other])
      let job = try await jobs.openJob("job")
      try await job.apply((0..<200).map { .put(category: "c", key: Key(Int64($0)), payload: [1, 2]) })
      let store = root + "/job" + engine.fileSuffix
      let before = try await Self.locked(store)
      #expect(!before.isEmpty)
      let calls: [(String, () async throws -> Void)] = [
        ("list", { _ = try jobs.storedJobs() }), ("stat", { _ = try await jobs.statJob("job") }),
        ("count", { _ = try await jobs.countJob("job") }), ("check", { _ = try await jobs.checkJob("job") }),
        ("digest", { _ = try await jobs.digestJob("job") }),
        ("copy", { _ = try await jobs.copyJob("job", as: "copy", to: other) }),
        ("backup", { _ = try await jobs.backupJob("job", to: root + "/backup") }),
        ("reclaim", { _ = try await jobs.reclaimJob("job") }),
        (
          "a second opening",
          {
            let same = try await jobs.openJob("job")
            #expect(same === job)
          }
        ),
        (
          "an opening elsewhere",
          {
            let second = try Persistency(rootDirectory: root, engines: [engine])
            #expect(await kind { _ = try await second.openJob("job") } == .locked)
            try await second.close()
          }
        ),
      ]
      for (name, call) in calls {
        do {
          try await call()
        } catch let error as PersistencyError where error.kind == .unsupported {}
        #expect(try await Self.locked(store) == before, "after \(name)")
      }
      try await job.put(category: "c", key: Key("k"), payload: [])
      try await jobs.close()
      #expect(try await Self.locked(store) == [])
    }
  }

  /// The files of a store on which another process finds locks, from a child: one's own locks one does not see.
  private static func locked(_ store: String) async throws -> [String] {
    let child = await #expect(processExitsWith: .exitCode(0), observing: [\.standardOutputContent]) {
      [store = store as String] in
      let inside = (try? FileManager.default.contentsOfDirectory(atPath: store)) ?? []
      let paths = inside.isEmpty ? ["", "-wal", "-shm"].map { store + $0 } : inside.map { store + "/" + $0 }
      for path in paths.sorted() {
        let file = open(path, O_RDWR | O_CLOEXEC)
        if file < 0 { continue }
        var wanted = flock()
        wanted.l_type = Int16(F_WRLCK)
        wanted.l_whence = Int16(SEEK_SET)
        if fcntl(file, F_GETLK, &wanted) == 0, Int32(wanted.l_type) != F_UNLCK { print("locked:" + path) }
        close(file)
      }
      exit(0)
    }
    let said = String(decoding: child?.standardOutputContent ?? [], as: UTF8.self)
    return said.split(separator: "\n").filter { $0.hasPrefix("locked:") }.map(String.init)
  }
}
