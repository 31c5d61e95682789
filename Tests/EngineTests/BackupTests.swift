import Foundation
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import Synchronization
import Testing

@Suite("A backup is taken while its store is used")
struct BackupTests {
  static let engines = [Engine.sqlite, .lmdb, .rocks].filter { $0.capabilities.maintenance.contains(.backup) }

  /// Opens the store of a place.
  static func open(
    _ engine: Engine, _ place: RocksPlace, _ options: StoreOptions = .init(), _ name: String = "store"
  ) throws -> any KvMaintenance {
    try #require(try engine.open(place.root + "/" + name + engine.fileSuffix, options) as? any KvMaintenance)
  }

  static func named(_ name: String) throws -> Engine { try #require(engines.first { $0.name == name }) }

  static func fill(_ store: any KvBackend, _ rows: Range<Int>) throws {
    try store.applyOps(rows.map { .put(category: "c", key: rocksKey($0), payload: [UInt8](repeating: 7, count: 300)) })
  }

  @Test("Its files are its owner's alone, whatever the umask", arguments: engines, [0, 0o077])
  func modes(_ engine: Engine, _ mask: Int) async throws {
    let place = try RocksPlace()
    await #expect(processExitsWith: .exitCode(42)) {
      [root = place.root as String, name = engine.name as String, mask = mask as Int] in
      umask(mode_t(mask))
      let engine = try BackupTests.named(name)
      try FileManager.default.createDirectory(atPath: root + "/all", withIntermediateDirectories: true)
      chmod(root + "/all", 0o700)
      let store = try engine.open(root + "/all/store" + engine.fileSuffix)
      try BackupTests.fill(store, 0..<2_000)
      try (store as? any KvMaintenance)?.backup(to: root + "/all/copy" + engine.fileSuffix)
      try FileModeTests.expectPrivate(root, with: ["copy" + engine.fileSuffix])
      let copy = try engine.open(root + "/all/copy" + engine.fileSuffix, StoreOptions(mustExist: true))
      try BackupTests.fill(copy, 2_000..<4_000)
      try FileModeTests.expectPrivate(root, with: [])
      copy.close()
      store.close()
      try FileModeTests.expectPrivate(root, with: [])
      exit(42)
    }
  }

  @Test("It is what the store was, and neither is changed by what becomes of the other", arguments: engines)
  func apart(_ engine: Engine) throws {
    let place = try RocksPlace()
    let store = try Self.open(engine, place)
    try Self.fill(store, 0..<3_000)
    try store.importRows([RawRow(category: [0xFF, 0], key: rocksKey("odd"), payload: [])])
    let rows = try rocksRows(store)
    let path = place.root + "/it's a copy" + engine.fileSuffix
    try store.backup(to: path)
    try store.applyOps([.deleteRange(category: "c", range: .all)])
    let copy = try #require(try engine.open(path, StoreOptions(mustExist: true)) as? any KvMaintenance)
    #expect(try rocksRows(copy) == rows)
    try copy.check { Issue.record("\($0)") }
    try copy.applyOps([.put(category: "d", key: Key(), payload: [1])])
    // The copy may be backed up in its turn, and read-only too.
    copy.close()
    let reader = try #require(
      try engine.open(path, StoreOptions(access: .readOnly, mustExist: true)) as? any KvMaintenance)
    try reader.backup(to: place.root + "/second" + engine.fileSuffix)
    reader.close()
    let second = try Self.open(engine, place, StoreOptions(mustExist: true), "second")
    #expect(try rocksRows(second).count == rows.count + 1)
    second.close()
    #expect(try rocksRows(store).count == 1)
    store.close()
  }

  @Test("Beside four writers each is one state, in which every pair is whole, and is found sound", arguments: engines)
  func besideWriters(_ engine: Engine) throws {
    let place = try RocksPlace()
    let store = try Self.open(engine, place)
    try Self.fill(store, 0..<500)
    let done = Atomic<Bool>(false)
    let errors = Locked<[String]>([])
    let root = place.root
    inThreads(5) { thread in
      do {
        if thread == 4 {
          defer { done.store(true, ordering: .relaxed) }
          for round in 0..<4 { try store.backup(to: root + "/copy-\(round)" + engine.fileSuffix) }
        } else {
          var number = 0
          while !done.load(ordering: .relaxed) {
            number += 1
            let payload = Array("\(number)".utf8)
            try store.applyOps([
              .put(category: "left", key: rocksKey(thread), payload: payload),
              .put(category: "log", key: Key(Int64(thread), Int64(number)), payload: payload),
              .put(category: "right", key: rocksKey(thread), payload: payload),
            ])
          }
        }
      } catch {
        errors.withLock { $0.append("\(error)") }
        done.store(true, ordering: .relaxed)
      }
    }
    #expect(errors.withLock { $0 } == [])
    for round in 0..<4 {
      let path = root + "/copy-\(round)" + engine.fileSuffix
      let copy = try #require(try engine.open(path, StoreOptions(mustExist: true)) as? any KvMaintenance)
      try copy.check { Issue.record("\($0)") }
      #expect(try copy.countRange(category: "c", range: .all) == 500)
      for thread in 0..<4 {
        let left = try copy.getOne(category: "left", key: rocksKey(thread))
        #expect(try copy.getOne(category: "right", key: rocksKey(thread)) == left)
        let number = left.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
        #expect(try copy.countRange(category: "log", range: KeyRange(prefix: Key(Int64(thread)))) == number)
      }
      copy.close()
    }
    store.close()
  }

  @Test("A target that exists is left alone, and a failed backup leaves nothing", arguments: engines)
  func refused(_ engine: Engine) throws {
    let place = try RocksPlace()
    let store = try Self.open(engine, place)
    try Self.fill(store, 0..<100)
    let before = try place.listing(place.root).map { $0.prefix(5) }
    #expect(rocksKind { try store.backup(to: place.root + "/store" + engine.fileSuffix) } == .conflict)
    #expect(rocksKind { try store.backup(to: place.root) } == .conflict)
    #expect(rocksKind { try store.backup(to: place.root + "/none/copy") } == .backend)
    #expect(rocksKind { try store.backup(to: "") } == .invalidArgument)
    #expect(try place.listing(place.root).map { $0.prefix(5) } == before)
    store.close()
    #expect(rocksKind { try store.backup(to: place.root + "/copy") } == .closed)
    #expect(!FileManager.default.fileExists(atPath: place.root + "/copy.part"))
  }

  @Test(
    "A full disk of the copy's is .storageFull, leaves nothing there, and the store goes on",
    .enabled(if: RocksFullDiskTests.SmallDisk.isPossible, "needs root, to mount a small file system"),
    arguments: engines)
  func fullDisk(_ engine: Engine) throws {
    let (place, disk) = (try RocksPlace(), try #require(RocksFullDiskTests.SmallDisk(1)))
    let store = try Self.open(engine, place)
    var random = RocksRandom(state: 7)
    try store.applyOps(
      (0..<2_000).map { number in
        var payload: [UInt8] = []
        for _ in 0..<150 { withUnsafeBytes(of: random.next()) { payload.append(contentsOf: $0) } }
        return .put(category: "c", key: rocksKey(number), payload: payload)
      })
    #expect(rocksKind { try store.backup(to: disk.place.root + "/copy" + engine.fileSuffix) } == .storageFull)
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.place.root) == [])
    try Self.fill(store, 2_000..<3_000)
    #expect(try store.countRange(category: "c", range: .all) == 3_000)
    #expect(disk.resize(30))
    try store.backup(to: disk.place.root + "/copy" + engine.fileSuffix)
    store.close()
    let copy = try Self.open(engine, disk.place, StoreOptions(mustExist: true), "copy")
    #expect(try copy.countRange(category: "c", range: .all) == 3_000)
    copy.close()
  }

  @Test("Another process backs a store up while it is written here", arguments: engines)
  func besideAnotherProcess(_ engine: Engine) async throws {
    let place = try RocksPlace()
    let store = try Self.open(engine, place)
    let keys = (0..<500).map { rocksKey($0) }
    @Sendable func write(_ round: Int) throws {
      let payload = Array("\(round)".utf8) + [UInt8](repeating: 7, count: 500)
      try store.applyOps(keys.map { .put(category: "c", key: $0, payload: payload) })
    }
    try write(0)
    // Threads of their own: the pool of tasks may have as few as there are engines here.
    let isDone = Atomic(false)
    let failures = Locked<[any Error]>([])
    let writer = Thread {
      var round = 0
      while !isDone.load(ordering: .relaxed) {
        round += 1
        do { try write(round) } catch { failures.withLock { $0.append(error) } }
        // It writes all the time, but leaves the other tests a processor.
        Thread.sleep(forTimeInterval: 0.005)
      }
      isDone.store(false, ordering: .releasing)
    }
    writer.start()
    await #expect(processExitsWith: .exitCode(42)) {
      [root = place.root as String, name = engine.name as String] in
      let engine = try BackupTests.named(name)
      for round in 0..<5 {
        do {
          let options = StoreOptions(access: .readOnly, mustExist: true)
          let store = try engine.open(root + "/store" + engine.fileSuffix, options)
          try (store as? any KvMaintenance)?.backup(to: "\(root)/copy\(round)\(engine.fileSuffix)")
          store.close()
        } catch {
          Issue.record(error)
          exit(1)
        }
      }
      exit(42)
    }
    isDone.store(true, ordering: .relaxed)
    while isDone.load(ordering: .acquiring) { try await Task.sleep(for: .milliseconds(1)) }
    #expect(failures.withLock { $0.isEmpty })
    store.close()
    for round in 0..<5 {
      let copy = try Self.open(engine, place, StoreOptions(mustExist: true), "copy\(round)")
      let rows = try copy.scanRange(category: "c", range: .all)
      #expect(rows.map(\.key) == keys && Set(rows.map(\.payload)).count == 1)
      try copy.check { Issue.record("\($0)") }
      copy.close()
    }
  }

  @Test("Closing the store meanwhile ends it, and leaves all of it or nothing", arguments: engines)
  func closed(_ engine: Engine) async throws {
    let place = try RocksPlace()
    let store = try Self.open(engine, place)
    for part in 0..<10 { try Self.fill(store, part * 5_000..<(part + 1) * 5_000) }
    let path = place.root + "/copy" + engine.fileSuffix
    let backup = Task.detached { rocksKind { try store.backup(to: path) } }
    for _ in 0..<50_000 {
      if FileManager.default.fileExists(atPath: path + ".part") || FileManager.default.fileExists(atPath: path) {
        break
      }
      try await Task.sleep(for: .microseconds(100))
    }
    store.close()
    let found = await backup.value
    #expect(found == nil || found == .closed)
    #expect(FileManager.default.fileExists(atPath: path) == (found == nil))
    #expect(!FileManager.default.fileExists(atPath: path + ".part"))
    if found == nil {
      let copy = try Self.open(engine, place, StoreOptions(mustExist: true), "copy")
      #expect(try copy.countRange(category: "c", range: .all) == 50_000)
      copy.close()
    }
  }
}
