import Foundation
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import Testing

@Suite("The files of a job are its owner's alone")
struct FileModeTests {
  /// A kind of engine, and the files that a job on it has while it is open.
  enum Kind: String, CaseIterable, Codable {
    case sqlite, lmdb, rocks

    var engine: Engine {
      switch self {
      case .sqlite: .sqlite
      case .lmdb: .lmdb
      // Small, so that tables are written and compacted.
      case .rocks: .rocks(RocksOptions(writeBufferBytes: 64 << 10))
      }
    }

    var open: [String] {
      let own =
        switch self {
        case .sqlite: ["job.db", "job.db-wal", "job.db-shm"]
        case .lmdb: ["data.mdb", "lock.mdb"]
        case .rocks: [".sst", ".log", "CURRENT", "IDENTITY", "LOCK", "LOG", "MANIFEST", "OPTIONS"]
        }
      return own + ["job.job", "job.lock"]
    }
  }

  @Test(
    "Every file has mode 0600 and every folder 0700, whatever the umask", arguments: Kind.allCases, [0, 0o077])
  func modes(_ kind: Kind, mask: Int) async throws {
    let place = try RocksPlace()
    await #expect(processExitsWith: .exitCode(42)) {
      [root = place.root as String, kind = kind as Kind, mask = mask as Int] in
      // A process of its own: the umask is the whole process's.
      umask(mode_t(mask))
      let folder = root + "/new/root"
      let jobs = try Persistency(rootDirectory: folder, engines: [kind.engine])
      for _ in 0..<2 {
        let job = try await jobs.openJob("job")
        // RocksDB goes on until it has written tables and made new ones of them.
        var tables: Set<String> = []
        var isDone = false
        for batch in 0..<2_000 where !isDone {
          try await job.apply(
            (0..<100).map { number in
              let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: number ^ batch &* 37), count: 400)
              return .put(category: "c", key: rocksKey(number * 2_000 + batch), payload: payload)
            })
          let now = Set(try Self.files(folder).filter { $0.hasSuffix(".sst") })
          isDone = kind == .rocks ? !tables.isSubset(of: now) : batch == 20
          tables.formUnion(now)
        }
        #expect(isDone, "RocksDB has compacted nothing: \(tables)")
        try Self.expectPrivate(root + "/new", with: kind.open)
        try await jobs.closeJob("job")
        try Self.expectPrivate(root + "/new", with: ["job.job", "job.lock"])
      }
      try await jobs.close()
      exit(42)
    }
  }

  #if canImport(Glibc) || canImport(Musl)
    @Test("What an earlier version left open to others in a RocksDB store is closed to them when it opens")
    func earlier() throws {
      let place = try RocksPlace()
      try RocksFolderTests.made(place)
      try Self.forgetList(place.store)
      for name in try FileManager.default.contentsOfDirectory(atPath: place.store) {
        #expect(chmod(place.store + "/" + name, 0o644) == 0)
      }
      let store = try place.open(StoreOptions(mustExist: true))
      try store.applyOps([RocksFolderTests.row])
      try Self.expectPrivate(place.root, with: [".sst", ".log"])
      store.close()
      try Self.expectPrivate(place.root, with: [".sst"])
    }

    @Test("A list that the user has given a RocksDB folder stays")
    func chosen() throws {
      let place = try RocksPlace()
      try place.open().close()
      try Self.setGroupList(place.store)
      let store = try place.open()
      try store.applyOps([RocksFolderTests.row])
      store.close()
      let table = try #require(try Self.files(place.store).first { $0.hasSuffix(".sst") })
      #expect(try Self.mode(place.store + "/" + table) == 0o640)
    }

  #endif

  @Test(
    "Where there are no access lists, the folder keeps others out",
    .enabled(if: RocksFullDiskTests.SmallDisk.isPossible, "needs root, to mount a file system"))
  func withoutLists() throws {
    let disk = try #require(RocksFullDiskTests.SmallDisk(1, type: "ramfs"))
    try RocksFolderTests.made(disk.place)
    let names = try FileManager.default.contentsOfDirectory(atPath: disk.place.store)
    try #require(try names.contains { try Self.mode(disk.place.store + "/" + $0) == 0o644 }, "it has lists after all")
    #expect(try Self.mode(disk.place.store) == 0o700)
    let store = try disk.place.open()
    for table in names where table.hasSuffix(".sst") { #expect(try Self.mode(disk.place.store + "/" + table) == 0o600) }
    #expect(try store.getOne(category: "c", key: rocksKey("k")) == [1])
    store.close()
  }
}

extension FileModeTests {
  static func files(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
  }

  static func mode(_ path: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  /// Looks at all below a folder; each name is the end or the beginning of a file's that has to be there.
  static func expectPrivate(_ folder: String, with names: [String]) throws {
    let paths = try files(folder)
    for path in paths {
      var status = stat()
      // RocksDB removes files while we look.
      guard lstat(folder + "/" + path, &status) == 0 else { continue }
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      #expect(status.st_mode & 0o7777 == (isFolder ? 0o700 : 0o600), "\(path): \(String(status.st_mode, radix: 8))")
    }
    for name in names {
      #expect(
        paths.contains { $0.hasSuffix(name) || ($0 as NSString).lastPathComponent.hasPrefix(name) },
        "\(name) is missing from \(paths)")
    }
  }
}

#if canImport(Glibc) || canImport(Musl)
  extension FileModeTests {
    private static let list = "system.posix_acl_default"

    /// Takes away the access list that a RocksDB folder was made with.
    static func forgetList(_ folder: String) throws {
      typealias Remove = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>) -> CInt
      let remove = unsafeBitCast(try #require(dlsym(nil, "removexattr")), to: Remove.self)
      try #require(remove(folder, list) == 0)
    }

    /// Lets the group read what is made in a folder from now on.
    static func setGroupList(_ folder: String) throws {
      typealias Set = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer, Int, CInt) -> CInt
      let set = unsafeBitCast(try #require(dlsym(nil, "setxattr")), to: Set.self)
      func entry(_ tag: UInt8, _ permissions: UInt8) -> [UInt8] { [tag, 0, permissions, 0, 0xFF, 0xFF, 0xFF, 0xFF] }
      let value = [2, 0, 0, 0] + entry(0x01, 7) + entry(0x04, 5) + entry(0x20, 0)
      try #require(set(folder, list, value, value.count, 0) == 0)
    }
  }
#endif
