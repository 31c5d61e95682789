import Foundation
import PersistencyRocksDB
import Testing

@Suite("RocksDB on a full disk", .serialized)
struct RocksFullDiskTests {
  /// A small file system of its own, to fill up.
  final class SmallDisk {
    let place: RocksPlace

    init?(_ megabytes: Int, type: String = "tmpfs") {
      guard let place = try? RocksPlace(),
        Self.run("mount", "-t", type, "-o", "size=\(megabytes)m", type, place.root)
      else { return nil }
      self.place = place
    }

    deinit { _ = Self.run("umount", "-l", place.root) }

    func resize(_ megabytes: Int) -> Bool { Self.run("mount", "-o", "remount,size=\(megabytes)m", place.root) }

    static let isPossible = geteuid() == 0 && SmallDisk(1) != nil

    private static func run(_ tool: String, _ arguments: String...) -> Bool {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/" + tool)
      process.arguments = arguments
      process.standardError = FileHandle.nullDevice
      guard (try? process.run()) != nil else { return false }
      process.waitUntilExit()
      return process.terminationStatus == 0
    }
  }

  static func put(_ number: Int) -> TxOp {
    // Not compressible, and told by its number.
    var random = RocksRandom(state: UInt64(number))
    var payload: [UInt8] = []
    for _ in 0..<2_500 { withUnsafeBytes(of: random.next()) { payload.append(contentsOf: $0) } }
    return .put(category: "c", key: rocksKey(number), payload: payload)
  }

  /// Fills the disk, until three writes in a row find it full: opening anew may have made some room.
  ///
  /// - Returns: The number of the row that was not written.
  static func fill(_ store: RocksBackend, from first: Int = 0) throws -> Int {
    var number = first
    var refusals = 0
    while refusals < 3 && number < first + 5_000 {
      do throws(PersistencyError) {
        try store.applyOps([put(number)])
        number += 1
        refusals = 0
      } catch {
        try #require(error.kind == .storageFull && error.outcome == .notApplied && error.isRetryable, "\(error)")
        refusals += 1
      }
    }
    #expect(refusals == 3)
    return number
  }

  static func expectRows(_ store: RocksBackend, _ count: Int) throws {
    #expect(try store.countRange(category: "c", range: .all) == count)
    for number in stride(from: 0, to: count, by: 7) {
      guard case .put(_, let key, let payload) = put(number) else { continue }
      #expect(try store.getOne(category: "c", key: key) == payload)
    }
  }

  @Test(
    .enabled(if: SmallDisk.isPossible, "needs root, to mount a small file system"),
    arguments: [Durability.consistent, .full])
  func readsGoOnAndWritesReturnWithRoom(_ durability: Durability) throws {
    let disk = try #require(SmallDisk(6))
    let store = try disk.place.open(StoreOptions(durability: durability), RocksOptions(writeBufferBytes: 1 << 20))
    var count = try Self.fill(store)
    #expect(count > 50)
    for _ in 0..<3 {
      try Self.expectRows(store, count)
      let found = rocksKind { try store.applyOps([Self.put(count)]) }
      #expect(found == nil || found == .storageFull)
      if found == nil { count += 1 }
    }
    let elsewhere = try RocksPlace()
    try store.backup(to: elsewhere.store)
    let copy = try elsewhere.open(StoreOptions(mustExist: true))
    try Self.expectRows(copy, count)
    copy.close()
    #expect(disk.resize(12))
    let group = (0..<20).map { [Self.put(count + $0)] }
    #expect(
      store.applyGroup(group, sync: true).map { outcome in rocksKind { try outcome.get() } } == group.map { _ in nil })
    count += 20
    try Self.expectRows(store, count)
    // Full again, inside a visit: nothing is exchanged under it.
    try store.visitRange(category: "c", range: .all, reverse: false) { _, _ throws(PersistencyError) in
      do {
        count = try Self.fill(store, from: count)
        #expect(try store.countRange(category: "c", range: .all) == count)
        #expect(disk.resize(40))
        #expect(rocksKind { try store.applyOps([Self.put(count)]) } == .storageFull)
      } catch {
        Issue.record(error)
      }
      return .stop
    }
    try store.applyOps([Self.put(count)])
    #expect(try store.deleteOne(category: "c", key: rocksKey(count)))
    try Self.expectRows(store, count)
    store.close()
    let again = try disk.place.open(StoreOptions(mustExist: true))
    try Self.expectRows(again, count)
    again.close()
  }

  @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a small file system"))
  func aStoreOpensOnAFullDiskAndANewOneLeavesNothing() throws {
    let disk = try #require(SmallDisk(6))
    let options = RocksOptions(writeBufferBytes: 1 << 20)
    var store = try disk.place.open(.init(), options)
    let count = try Self.fill(store)
    store.close()
    let filler = disk.place.root + "/filler"
    #expect(FileManager.default.createFile(atPath: filler, contents: nil))
    let file = try #require(FileHandle(forWritingAtPath: filler))
    while (try? file.write(contentsOf: Data(count: 4_096))) != nil {}

    let before = try disk.place.listing(disk.place.root)
    #expect(rocksKind { _ = try RocksBackend(path: disk.place.root + "/new.rocks") } == .storageFull)
    #expect(try disk.place.listing(disk.place.root).map { $0.prefix(6) } == before.map { $0.prefix(6) })

    store = try disk.place.open(StoreOptions(mustExist: true), options)
    try Self.expectRows(store, count)
    #expect(rocksKind { try store.applyOps([Self.put(count)]) } == .storageFull)
    #expect(disk.resize(30))
    try store.applyOps([Self.put(count)])
    try Self.expectRows(store, count + 1)
    store.close()
  }
}
