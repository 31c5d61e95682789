import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

private let isRoot = geteuid() == 0

@Suite("Files that this user may not touch, or nobody may change")
struct ForbiddenTests {
  @Test(
    "A job of another user is an error that names the path, and stays as it is",
    .enabled(if: isRoot, "needs root, to become somebody else"), arguments: Engine.stored)
  func otherOwner(_ engine: Engine) async throws {
    try await StoredPlace.with(engine) { place in
      // The folder may be entered and written; the files are the other's.
      chmod(place.root, 0o777)
      let before = try place.snapshot()
      await #expect(processExitsWith: .exitCode(0)) { [root = place.root as String, name = engine.name as String] in
        try becomeNobody()
        let engine = try #require(Engine.stored.first { $0.name == name })
        let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
        for access in StoreAccess.allCases {
          for named in [nil, engine] {
            do throws(PersistencyError) {
              _ = try await jobs.openJob("job", engine: named, options: JobOptions(access: access))
              exit(1)
            } catch {
              guard error.kind == .backend, error.message.contains(root), error.tellsWhatToDo else { exit(2) }
            }
          }
        }
        let suffix = engine.fileSuffix
        do throws(PersistencyError) {
          _ = try engine.open(root + "/job" + suffix, StoreOptions(mustExist: true))
          exit(3)
        } catch {
          guard error.kind == .backend, error.tellsWhatToDo else { exit(4) }
        }
        try await jobs.close()
        exit(0)
      }
      #expect(try place.snapshot().differences(from: before) == [])
    }
  }

  @Test(
    "A root that may not be entered, written or made is an error that names it",
    .enabled(if: isRoot, "needs root, to become somebody else"))
  func root() async throws {
    try await StoredPlace.with(.sqlite) { place in
      await #expect(processExitsWith: .exitCode(0)) { [root = place.root as String] in
        chmod(root, 0o700)
        try becomeNobody()
        for path in [root, root + "/below"] {
          do {
            let jobs = try Persistency(rootDirectory: path, engines: [.sqlite])
            _ = try await jobs.openJob("job")
            exit(1)
          } catch let error as PersistencyError {
            guard error.kind == .backend || error.kind == .invalidArgument else { exit(2) }
            guard error.message.contains(path) || error.message.contains(root), error.tellsWhatToDo else { exit(3) }
          }
        }
        exit(0)
      }
      await #expect(processExitsWith: .exitCode(0)) { [root = place.root as String] in
        chmod(root, 0o755)
        try becomeNobody()
        let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
        guard await kind({ _ = try await jobs.openJob("new") }) == .backend else { exit(1) }
        guard try jobs.storedJobs().isEmpty else { exit(2) }
        exit(0)
      }
    }
  }

  @Test(
    "Files that may not be changed are refused at the opening, not at the first write; reading them is fine",
    .enabled(
      if: isRoot && FileManager.default.isExecutableFile(atPath: "/usr/bin/chattr"),
      "needs root and chattr, to make files immutable"),
    arguments: Engine.stored)
  func immutable(_ engine: Engine) async throws {
    try await StoredPlace.with(engine) { place in
      try await place.immutably(place.root) {
        let jobs = try place.jobs()
        #expect(await kind { _ = try await jobs.openJob("job") } == .unsupported)
        #expect(await kind { _ = try await jobs.openJob("new", engine: engine) } == .unsupported)
        #expect(await kind { try await jobs.dropJob("job") } == .unsupported)
        let job = try await jobs.openJob("job", options: JobOptions(access: .readOnly))
        #expect(try await job.scan(category: "c") == StoredPlace.rows)
        #expect(await kind { try await job.put(category: "c", key: Key(), payload: []) } == .unsupported)
        try await jobs.close()
      }
      // The store alone.
      try await place.immutably(place.store) {
        let error = #expect(throws: PersistencyError.self) {
          try engine.open(place.store, StoreOptions(mustExist: true)).close()
        }
        #expect(error?.kind == .unsupported, "\(String(describing: error))")
        let store = try engine.open(place.store, StoreOptions(access: .readOnly, mustExist: true))
        defer { store.close() }
        #expect(try store.scanRange(category: "c", range: .all, reverse: false, limit: nil) == StoredPlace.rows)
      }
      let jobs = try place.jobs()
      #expect(try await jobs.openJob("job").scan(category: "c") == StoredPlace.rows)
      try await jobs.close()
    }
  }

  @Test(
    "regression: on a read-only file system the log of a process that died is read, not passed over",
    .enabled(if: SmallDisk.isPossible, "needs root, to mount a small file system"), arguments: Engine.stored)
  func readOnlyDiskAfterDeath(_ engine: Engine) async throws {
    let disk = try #require(SmallDisk(megabytes: 32))
    let root = disk.path + "/root"
    await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String, name = engine.name as String] in
      let engine = try #require(Engine.stored.first { $0.name == name })
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      let job = try await jobs.openJob("job")
      for number in 0..<5 { try await job.put(category: "c", key: Key(Int64(number)), payload: [1]) }
      kill(getpid(), SIGKILL)
    }
    try #require(run("mount", "-o", "remount,ro", disk.path))
    let jobs = try Persistency(rootDirectory: root, engines: [engine])
    let job = try await jobs.openJob("job", options: JobOptions(access: .readOnly))
    #expect(try await job.count(category: "c") == 5)
    try await jobs.close()
  }

  @Test(
    "A file system that is mounted read-only is refused for writing, and read",
    .enabled(if: SmallDisk.isPossible, "needs root, to mount a small file system"), arguments: Engine.stored)
  func readOnlyDisk(_ engine: Engine) async throws {
    let disk = try #require(SmallDisk(megabytes: 32))
    let root = disk.path + "/root"
    var jobs = try Persistency(rootDirectory: root, engines: [engine])
    try await jobs.openJob("job").put(category: "c", key: Key("k"), payload: [1])
    try await jobs.close()
    try #require(run("mount", "-o", "remount,ro", disk.path))
    jobs = try Persistency(rootDirectory: root, engines: [engine])
    #expect(await kind { _ = try await jobs.openJob("job") } == .unsupported)
    #expect(await kind { _ = try await jobs.openJob("new") } == .unsupported)
    let job = try await jobs.openJob("job", options: JobOptions(access: .readOnly))
    #expect(try await job.get(category: "c", key: Key("k")) == [1])
    try await jobs.close()
    try #require(run("mount", "-o", "remount,rw", disk.path))
    jobs = try Persistency(rootDirectory: root, engines: [engine])
    try await jobs.openJob("job").put(category: "c", key: Key("l"), payload: [2])
    try await jobs.close()
  }
}

/// Gives up root for good.
func becomeNobody() throws {
  try #require(setgroups(0, nil) == 0 && setgid(65_534) == 0 && setuid(65_534) == 0)
}

extension StoredPlace {
  /// Runs `body` while nothing at or below `path` can be changed.
  func immutably(_ path: String, _ body: () async throws -> Void) async throws {
    try #require(run("chattr", "-R", "+i", path))
    defer { _ = run("chattr", "-R", "-i", path) }
    try await body()
  }
}
