import Foundation
import PersistencyRocksDB
import TestSupport
import Testing

@Suite("RocksDB opens its own stores and nothing else")
struct RocksFolderTests {
  static let row = TxOp.put(category: "c", key: rocksKey("k"), payload: [1])

  /// A closed store with some rows in tables and some in the log.
  static func made(_ place: RocksPlace) throws {
    var store = try place.open()
    try store.applyOps(
      (0..<3_000).map { .put(category: "c", key: rocksKey($0), payload: [UInt8](repeating: 1, count: 50)) })
    store.close()
    store = try place.open()
    try store.applyOps([row])
    store.close()
  }

  @Test func aFolderIsMadeForItsOwnerAloneAndReopens() throws {
    let place = try RocksPlace()
    let store = try place.open()
    try store.applyOps([Self.row])
    store.close()
    let mode = try FileManager.default.attributesOfItem(atPath: place.store)[.posixPermissions] as? Int
    #expect(mode == 0o700)
    let again = try place.open(StoreOptions(mustExist: true))
    #expect(try again.getOne(category: "c", key: rocksKey("k")) == [1])
    again.close()
  }

  @Test(arguments: [false, true])
  func aMissingOrEmptiedStoreThatMustExistIsCorruptedAndNothingIsMade(_ readOnly: Bool) throws {
    let place = try RocksPlace()
    let options = StoreOptions(access: readOnly ? .readOnly : .readWrite, mustExist: true)
    #expect(rocksKind { _ = try place.open(options) } == .corrupted)
    #expect(try place.listing(place.root).isEmpty)
    try FileManager.default.createDirectory(atPath: place.store, withIntermediateDirectories: false)
    #expect(rocksKind { _ = try place.open(options) } == .corrupted)
    #expect(try place.listing(place.store).isEmpty)
    let store = try place.open()
    try store.applyOps([Self.row])
    store.close()
  }

  @Test(arguments: ["data.mdb", "store.db", "000012.sst", "000009.log"])
  func aFolderOfSomethingElseIsCorruptedAndUntouched(_ name: String) throws {
    let place = try RocksPlace()
    try FileManager.default.createDirectory(atPath: place.store, withIntermediateDirectories: false)
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: place.store + "/" + name))
    let before = try place.listing(place.store)
    for mustExist in [false, true] {
      #expect(rocksKind { _ = try place.open(StoreOptions(mustExist: mustExist)) } == .corrupted)
      #expect(try place.listing(place.store) == before)
    }
  }

  @Test func aPlainFileASymbolicLinkAndABadPathAreRefused() throws {
    let place = try RocksPlace()
    try Data([1]).write(to: URL(fileURLWithPath: place.store))
    #expect(rocksKind { _ = try place.open() } == .corrupted)
    #expect(try Data(contentsOf: URL(fileURLWithPath: place.store)) == Data([1]))
    let target = place.root + "/target"
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
    let link = place.root + "/link.rocks"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    for path in [link, link + "/"] {
      #expect(rocksKind { _ = try RocksBackend(path: path) } == .corrupted)
    }
    #expect(try place.listing(target).isEmpty)
    #expect(rocksKind { _ = try RocksBackend(path: "") } == .invalidArgument)
    #expect(rocksKind { _ = try RocksBackend(path: place.root + "/a\u{0}b") } == .invalidArgument)
    #expect(rocksKind { _ = try RocksBackend(path: place.root + "/no/such/parent") } == .backend)
    #expect(rocksKind { _ = try place.open(.init(), RocksOptions(maxOpenFiles: -1)) } == .invalidArgument)
  }

  enum Damage: CaseIterable {
    case currentMissing, currentGarbage, currentEmpty, manifestMissing, manifestGarbage, tableMissing, tableCut,
      tableGarbage
  }

  @Test(arguments: Damage.allCases)
  func aDamagedStoreIsCorrupted(_ damage: Damage) throws {
    let place = try RocksPlace()
    try Self.made(place)
    let files = FileManager.default
    let names = try files.contentsOfDirectory(atPath: place.store)
    let table = place.store + "/" + (try #require(names.first { $0.hasSuffix(".sst") }))
    let manifest = place.store + "/" + (try #require(names.first { $0.hasPrefix("MANIFEST") }))
    let current = place.store + "/CURRENT"
    func overwrite(_ path: String, _ bytes: Data) throws {
      let file = try #require(FileHandle(forWritingAtPath: path))
      try file.write(contentsOf: bytes)
      try file.close()
    }
    switch damage {
    case .currentMissing: try files.removeItem(atPath: current)
    case .currentGarbage: try overwrite(current, Data("garbage\n\n\n".utf8))
    case .currentEmpty: try #require(FileHandle(forWritingAtPath: current)).truncate(atOffset: 0)
    case .manifestMissing: try files.removeItem(atPath: manifest)
    case .manifestGarbage: try overwrite(manifest, Data(repeating: 0x5A, count: 64))
    case .tableMissing: try files.removeItem(atPath: table)
    case .tableCut: try #require(FileHandle(forWritingAtPath: table)).truncate(atOffset: 100)
    case .tableGarbage:
      let size = try #require(try files.attributesOfItem(atPath: table)[.size] as? Int)
      try overwrite(table, Data(repeating: 0x5A, count: size))
    }
    for mustExist in [false, true] {
      let found = rocksKind {
        let store = try place.open(StoreOptions(mustExist: mustExist))
        defer { store.close() }
        _ = try store.scanRange(category: "c", range: .all)
      }
      #expect(found == .corrupted)
    }
  }

  @Test func aHalfMadeFolderOpensAsNew() throws {
    let place = try RocksPlace()
    try FileManager.default.createDirectory(atPath: place.store, withIntermediateDirectories: false)
    for name in ["LOCK", "LOG", "IDENTITY", "MANIFEST-000001", "000001.dbtmp"] {
      try Data().write(to: URL(fileURLWithPath: place.store + "/" + name))
    }
    #expect(rocksKind { _ = try place.open(StoreOptions(mustExist: true)) } == .corrupted)
    let store = try place.open()
    try store.applyOps([Self.row])
    store.close()
    let again = try place.open(StoreOptions(mustExist: true))
    #expect(try again.existsOne(category: "c", key: rocksKey("k")))
    again.close()
  }

  @Test func openingTwiceIsLocked() throws {
    let place = try RocksPlace()
    let store = try place.open()
    #expect(rocksKind { _ = try place.open() } == .locked)
    #expect(rocksKind { _ = try place.open(StoreOptions(access: .readOnly)) } == .locked)
    store.close()
    try place.open().close()
  }

  @Test func aStoreOpenedToReadChangesNothing() throws {
    let place = try RocksPlace()
    try Self.made(place)
    let before = try place.listing(place.store)
    let store = try place.open(StoreOptions(access: .readOnly))
    #expect(try store.countRange(category: "c", range: .all) == 3_001)
    #expect(try rocksRows(store).count == 3_001)
    try store.check { Issue.record("\($0)") }
    #expect(rocksKind { try store.applyOps([Self.row]) } == .unsupported)
    #expect(rocksKind { _ = try store.deleteOne(category: "c", key: rocksKey("k")) } == .unsupported)
    #expect(
      store.applyGroup([[Self.row], []], sync: true).map { outcome in rocksKind { try outcome.get() } } == [
        .unsupported, .unsupported,
      ])
    store.close()
    #expect(try place.listing(place.store) == before)
  }

  @Test func anotherProcessReadsBesideTheWriterAndMayNotWrite() async throws {
    let place = try RocksPlace()
    let path = place.store
    let store = try place.open()
    try store.applyOps([Self.row])
    await #expect(processExitsWith: .exitCode(42)) { [path = path as String] in
      guard rocksKind({ _ = try RocksBackend(path: path) }) == .locked else { exit(1) }
      let reader = try RocksBackend(path: path, store: StoreOptions(access: .readOnly, mustExist: true))
      guard try reader.getOne(category: "c", key: rocksKey("k")) == [1] else { exit(2) }
      reader.close()
      exit(42)
    }
    try store.applyOps([.put(category: "c", key: rocksKey("l"), payload: [2])])
    #expect(try store.countRange(category: "c", range: .all) == 2)
    store.close()
  }

  @Test func aReaderInAnotherProcessOpensWhileFilesComeAndGo() async throws {
    let place = try RocksPlace()
    let path = place.store
    let store = try place.open(.init(), RocksOptions(writeBufferBytes: 64 << 10))
    let total = 1_000
    try store.applyOps((0..<total).map { .put(category: "c", key: rocksKey($0), payload: [0]) })
    let done = Flag()
    let writer = onThread {
      var rounds = 0
      while !done.isSet {
        rounds += 1
        let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: rounds), count: 200)
        try store.applyOps((0..<total).map { .put(category: "c", key: rocksKey($0), payload: payload) })
        // The other tests want a processor too.
        Thread.sleep(forTimeInterval: 0.01)
      }
      return rounds
    }
    await #expect(processExitsWith: .exitCode(42)) { [path = path as String] in
      for _ in 0..<40 {
        let reader = try RocksBackend(path: path, store: StoreOptions(access: .readOnly, mustExist: true))
        // One state: every row is of the same batch.
        let payloads = Set(try reader.scanRange(category: "c", range: .all).map(\.payload))
        guard payloads.count == 1, try reader.countRange(category: "c", range: .all) == 1_000 else { exit(1) }
        reader.close()
      }
      exit(42)
    }
    done.set()
    #expect(try await writer.value > 10)
    store.close()
  }
}
