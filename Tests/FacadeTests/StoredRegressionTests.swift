import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import Synchronization
import TestSupport
import Testing

@Suite("Stored jobs: one test a bug")
struct StoredRegressionTests {
  private func make(_ id: String, on engine: Engine, in root: String) async throws {
    let jobs = try Persistency(rootDirectory: root, engines: [engine])
    try await jobs.openJob(id).put(category: "c", key: Key("k"), payload: [1])
    try await jobs.close()
  }

  private func change(_ root: String, _ name: String, _ field: String, to value: Any?) throws {
    let url = URL(fileURLWithPath: root + "/\(name).job")
    var fields = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    fields[field] = value
    try JSONSerialization.data(withJSONObject: fields).write(to: url)
  }

  private func names(_ root: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root).sorted()
  }

  // MARK: Dropping

  @Test("regression: a job on an engine not known here is not half dropped")
  func dropOfUnknownEngine() async throws {
    let store = fileEngine(name: "own") { _ throws(PersistencyError) in try MemoryBackend() }
    try await withRoot { root in
      try await make("job", on: store, in: root)
      let before = try names(root)
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
      #expect(await kind { try await jobs.dropJob("job") } == .invalidArgument)
      #expect(try names(root) == before)
      try await jobs.close()
      let all = try Persistency(rootDirectory: root, engines: [.sqlite, store])
      #expect(try all.storedJobs().map(\.id) == ["job"])
      try await all.dropJob("job")
      #expect(try names(root) == ["job.lock"])
      try await all.close()
    }
  }

  @Test(
    "regression: a half-made or half-dropped job is not made by an opening that makes none", arguments: Engine.stored)
  func createIfMissing(_ engine: Engine) async throws {
    for state in ["creating", "dropping"] {
      try await withRoot { root in
        try await make("job", on: engine, in: root)
        try change(root, "job", "state", to: state)
        let jobs = try Persistency(rootDirectory: root, engines: Engine.stored)
        let options = JobOptions(createIfMissing: false)
        #expect(await kind { _ = try await jobs.openJob("job", options: options) } == .jobNotFound)
        #expect(try names(root) == ["job.lock"])
        try await jobs.close()
      }
    }
  }

  @Test("regression: a half-made job may be made anew on another engine", arguments: Engine.stored)
  func halfMadeElsewhere(_ engine: Engine) async throws {
    try await withRoot { root in
      try await make("job", on: engine, in: root)
      try change(root, "job", "state", to: "creating")
      let jobs = try Persistency(rootDirectory: root, engines: Engine.stored)
      let other = try #require(Engine.stored.first { $0.name != engine.name })
      let job = try await jobs.openJob("job", engine: other)
      #expect(try await job.count(category: "c") == 0)
      try await jobs.close()
      #expect(try names(root).filter { $0.hasSuffix(engine.fileSuffix) } == [])
    }
  }

  @Test("regression: a job can be dropped to make room on a full disk", .enabled(if: SmallDisk.isPossible))
  func dropOnFullDisk() async throws {
    let disk = try #require(SmallDisk())
    let jobs = try Persistency(rootDirectory: disk.path, engines: [.sqlite])
    let job = try await jobs.openJob("job")
    try await job.put(category: "c", key: Key("k"), payload: [UInt8](repeating: 1, count: 200_000))
    try await jobs.closeJob("job")
    try disk.fill()
    #expect(await kind { _ = try await jobs.openJob("job") } == .storageFull)
    try await jobs.dropJob("job")
    #expect(try names(disk.path) == ["full", "job.lock"])
    try await jobs.close()
  }

  // MARK: What stands in the way

  @Test("regression: a pipe, link or folder in place of our files is an error or ignored, never waited for")
  func strangeFiles() async throws {
    for suffix in [".job", ".lock", ".job.tmp", ".db"] {
      for strange in ["pipe", "link", "folder"] {
        try await withRoot { root in
          try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
          let path = root + "/job" + suffix
          switch strange {
          case "pipe": try #require(mkfifo(path, 0o600) == 0)
          case "link": try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: root + "/target")
          default: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
          }
          let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
          let found = await kind { _ = try await jobs.openJob("job") }
          if suffix == ".job.tmp", strange != "folder" {
            #expect(found == nil, "what is left of a draft is replaced")
          } else {
            #expect(
              found == .corrupted || found == .invalidArgument, "\(suffix) \(strange): \(String(describing: found))")
          }
          #expect(!FileManager.default.fileExists(atPath: root + "/target"))
          try await jobs.close()
        }
      }
    }
  }

  @Test("regression: a root whose names begin with combining marks is made like any other")
  func combiningMarks() async throws {
    try await withRoot { root in
      let deep = root + "/\u{301}a/\u{301}/b"
      try await make("job", on: .sqlite, in: deep)
      #expect(FileManager.default.fileExists(atPath: deep + "/job.db"))
      let file = deep + "/job.db/\u{301}"
      #expect(await kind { _ = try Persistency(rootDirectory: file, engines: [.memory]) } == .invalidArgument)
    }
  }

  @Test("regression: an opening that failed after the engine made the store smaller does not condemn it")
  func shrunkByOpening() async throws {
    let fails = Atomic<Bool>(false)
    let engine = fileEngine { path throws(PersistencyError) in
      if fails.load(ordering: .acquiring) {
        truncate(path, 10)
        throw PersistencyError(.storageFull, "full")
      }
      return try MemoryBackend()
    }
    try await withRoot { root in
      try await make("job", on: engine, in: root)
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      fails.store(true, ordering: .releasing)
      #expect(await kind { _ = try await jobs.openJob("job") } == .storageFull)
      fails.store(false, ordering: .releasing)
      #expect(await kind { _ = try await jobs.openJob("job") } == nil)
      try await jobs.closeJob("job")
      truncate(root + "/job.file", 5)
      #expect(await kind { _ = try await jobs.openJob("job") } == .corrupted)
      try await jobs.close()
    }
  }

  @Test("regression: where nobody can read beside a writer, a reader keeps writers out until it closes")
  func readerAlone() async throws {
    let engine = fileEngine(readOnlyBesideWriter: false) { _ throws(PersistencyError) in try MemoryBackend() }
    try await withRoot { root in
      try await make("job", on: engine, in: root)
      let (first, second) = (
        try Persistency(rootDirectory: root, engines: [engine]), try Persistency(rootDirectory: root, engines: [engine])
      )
      _ = try await first.openJob("job", options: JobOptions(access: .readOnly))
      #expect(await kind { _ = try await second.openJob("job") } == .locked)
      try await first.closeJob("job")
      #expect(await kind { _ = try await second.openJob("job") } == nil)
      try await first.close()
      try await second.close()
    }
  }

  @Test(
    "regression: a job closed through an engine around another one opens with that one, and the other way round",
    arguments: Engine.stored)
  func wrappedEngine(_ engine: Engine) async throws {
    try await withRoot { root in
      try await make("job", on: engine.wrapping { $0 }, in: root)
      // What the engine makes anew is missing after a copy by hand, and counted by neither of the two.
      for engine in [engine, engine.wrapping { $0 }, engine] {
        try? FileManager.default.removeItem(atPath: root + "/job.lmdb/lock.mdb")
        let jobs = try Persistency(rootDirectory: root, engines: [engine])
        #expect(try await jobs.openJob("job").count(category: "c") == 1)
        try await jobs.close()
      }
    }
  }

  @Test("regression: a level that the engine does not offer is refused before anything is made for the job")
  func refusedLevel() async throws {
    let engine = Engine(
      name: "own", fileSuffix: ".own", capabilities: Capabilities(durability: [.consistent])
    ) { _, _ throws(PersistencyError) in try MemoryBackend() }
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      #expect(await kind { _ = try await jobs.openJob("job", options: JobOptions(durability: .full)) } == .unsupported)
      // Not even the root.
      #expect((try? names(root)) == nil)
      try await jobs.close()
    }
  }

  #if os(Linux)
    @Test("regression: no program that this process starts inherits a descriptor of a store", arguments: Engine.stored)
    func inheritance(_ engine: Engine) async throws {
      try await withRoot { root in
        let jobs = try Persistency(rootDirectory: root, engines: [engine])
        let job = try await jobs.openJob("job")
        try await job.put(category: "c", key: Key("k"), payload: [1])
        #expect(try await job.count(category: "c") == 1)
        var ours = 0
        for number in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init) {
          let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")
          guard let link, link.hasPrefix(root) else { continue }
          ours += 1
          let flags = fcntl(number, F_GETFD)
          #expect(flags & FD_CLOEXEC != 0, "\(link)")
        }
        #expect(ours > 1)
        try await jobs.close()
      }
    }
  #endif
}
