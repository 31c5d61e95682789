import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("A process with narrow limits")
struct ProcessLimitTests {
  @Test(
    "Files that may grow no further are a full disk: nothing is lost, and with the limit raised the same job writes",
    arguments: Engine.stored)
  func fileSize(_ engine: Engine) async throws {
    try await withRoot { root in
      await #expect(processExitsWith: .exitCode(0)) { [root = root as String, name = engine.name as String] in
        let engine = try #require(Engine.stored.first { $0.name == name })
        // The signal is for the program to ignore: a library may not.
        signal(SIGXFSZ, SIG_IGN)
        let jobs = try Persistency(rootDirectory: root, engines: [engine])
        let job = try await jobs.openJob("job")
        try limit(RLIMIT_FSIZE, to: 2 << 20)
        var count = 0
        var failure: PersistencyError?
        while failure == nil, count < 2_000 {
          var noise = SystemNoise(seed: UInt64(count))
          do throws(PersistencyError) {
            try await job.put(category: "c", key: Key(Int64(count)), payload: noise.bytes(9_000))
            count += 1
          } catch {
            failure = error
          }
        }
        // RocksDB's files are smaller than the limit: it goes on in another.
        if engine.name != "rocks" || failure != nil {
          guard failure?.kind == .storageFull, failure?.tellsWhatToDo == true else {
            print("after \(count) puts: \(failure.map { "\($0)" } ?? "no error")")
            exit(1)
          }
        }
        guard try await job.count(category: "c") == count else { exit(2) }
        try limit(RLIMIT_FSIZE, to: rlim_t.max)
        // RocksDB has to open anew, and tries that once a second at most.
        for attempt in 1... {
          do throws(PersistencyError) {
            try await job.put(category: "c", key: Key(Int64(count)), payload: [1])
            break
          } catch {
            guard error.kind == .storageFull, attempt < 50 else { throw error }
            try await Task.sleep(for: .milliseconds(100))
          }
        }
        guard try await job.count(category: "c") == count + 1 else { exit(3) }
        try await jobs.close()
        let again = try Persistency(rootDirectory: root, engines: [engine])
        guard try await again.openJob("job").count(category: "c") == count + 1 else { exit(4) }
        try await again.close()
        exit(0)
      }
    }
  }

  @Test(
    "Little address space is enough, or an error that names the limit; the store opens when there is more",
    arguments: [Engine.sqlite, .lmdb])
  func addressSpace(_ engine: Engine) async throws {
    try await withRoot { root in
      await #expect(processExitsWith: .exitCode(0)) { [root = root as String, name = engine.name as String] in
        let engine = try #require(Engine.stored.first { $0.name == name })
        let jobs = try Persistency(rootDirectory: root, engines: [engine])
        // Everything that a job starts is there already.
        _ = try await jobs.openJob("first").put(category: "c", key: Key(), payload: [])
        for spare in [1 << 10, 1 << 18, 1 << 22, 1 << 26] {
          try limit(RLIMIT_AS, to: rlim_t(try usedAddressSpace() + spare))
          do throws(PersistencyError) {
            let job = try await jobs.openJob("job")
            try await job.put(category: "c", key: Key(Int64(spare)), payload: [1])
          } catch {
            guard error.kind == .backend || error.kind == .storageFull, error.tellsWhatToDo else {
              print(error)
              exit(1)
            }
          }
          try limit(RLIMIT_AS, to: rlim_t.max)
          try await jobs.closeJob("job")
        }
        let job = try await jobs.openJob("job")
        try await job.put(category: "c", key: Key(), payload: [UInt8](repeating: 1, count: 1 << 20))
        try await jobs.close()
        exit(0)
      }
    }
  }

  @Test(
    "Known limit: where RocksDB can start no thread its exception ends the process; the store is whole afterwards",
    .enabled(if: geteuid() == 0, "needs root, to become a user with a limit"))
  func threads() async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      var jobs = try Persistency(rootDirectory: root, engines: [.rocks])
      try await jobs.openJob("job").put(category: "c", key: Key(), payload: [1])
      try await jobs.close()
      for path in try FileManager.default.subpathsOfDirectory(atPath: root) { chown(root + "/" + path, 65_534, 65_534) }
      chown(root, 65_534, 65_534)
      let ending = await #expect(processExitsWith: .failure) { [root = root as String] in
        try limit(__RLIMIT_NPROC, to: 1)
        try becomeNobody()
        let store = try Engine.rocks.open(root + "/job.rocks", StoreOptions(mustExist: true))
        try store.applyOps([.put(category: "c", key: Key("k"), payload: [])])
        store.close()
        exit(1)
      }
      #expect(ending != nil)
      jobs = try Persistency(rootDirectory: root, engines: [.rocks])
      #expect(try await jobs.openJob("job").get(category: "c", key: Key()) == [1])
      try await jobs.close()
    }
  }
}

private func limit(_ resource: __rlimit_resource, to value: rlim_t) throws {
  var limits = rlimit()
  try #require(getrlimit(__rlimit_resource_t(resource.rawValue), &limits) == 0)
  limits.rlim_cur = min(value, limits.rlim_max)
  try #require(setrlimit(__rlimit_resource_t(resource.rawValue), &limits) == 0)
}

private func usedAddressSpace() throws -> Int {
  let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
  return try #require(pages.first.flatMap { Int($0) }) * Int(sysconf(Int32(_SC_PAGESIZE)))
}
