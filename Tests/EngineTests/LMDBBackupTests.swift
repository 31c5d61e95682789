import CPersistencyLMDB
import Foundation
import Synchronization
import Testing

@testable import PersistencyLMDB

@Suite("LMDB: backup")
struct LMDBBackupTests {
  static func put(_ number: Int, _ size: Int = 2_000) -> TxOp {
    .put(category: "c", key: Key(number), payload: bytes(UInt8(number % 251), size))
  }

  @Test("made while the map grows under it, each backup is one state, and opens unexamined")
  func besideGrowth() throws {
    let store = try LMDBStore()
    let backend = try store.open(.init(durability: .volatile), map: 1 << 20)
    defer { backend.close() }
    try backend.applyOps((0..<100).map { Self.put($0) })
    let root = store.root.path
    let done = Atomic<Bool>(false)
    let errors = Locked<[String]>([])
    inThreads(2) { thread in
      do {
        if thread == 0 {
          defer { done.store(true, ordering: .relaxed) }
          for round in 0..<60 {
            // As many go at the front as come at the end.
            let ops = (0..<20).flatMap { index -> [TxOp] in
              [Self.put(100 + round * 20 + index, 5_000), .delete(category: "c", key: Key(round * 20 + index))]
            }
            try backend.applyOps(ops)
          }
        } else {
          var round = 0
          repeat {
            try backend.backup(to: root + "/copy-\(round)")
            round += 1
          } while !done.load(ordering: .relaxed)
        }
      } catch {
        errors.withLock { $0.append("\(error)") }
      }
    }
    #expect(errors.withLock { $0 } == [])
    let copies = try FileManager.default.contentsOfDirectory(atPath: store.root.path).filter { $0.hasPrefix("copy") }
    #expect(!copies.isEmpty)
    for name in copies {
      let path = store.root.path + "/" + name
      #expect(LMDBFolder(path: path).isSealed(LMDBMeta.firstCommit))
      let copy = try LMDBBackend(path: path, store: .init(mustExist: true))
      defer { copy.close() }
      #expect(try copy.countRange(category: "c", range: .all) == 100)
      #expect(try copy.findings() == [])
      try copy.applyOps([Self.put(0)])
    }
    #expect(try backend.findings() == [])
  }

  @Test("a file that outgrows the map between its opening and the first read is read and copied all the same")
  func outgrowsMap() throws {
    let store = try LMDBStore()
    let backend = try store.open(.init(durability: .volatile))
    defer { backend.close() }
    try backend.applyOps([Self.put(0)])
    let source = try LMDBEnvironment.map(
      LMDBFolder(path: store.path), .init(access: .readOnly), LMDBOptions(initialMapBytes: 1), extra: MDB_NOLOCK)
    defer { mdb_env_close(source.handle) }
    func isTooSmall() -> Bool {
      var reader: OpaquePointer?
      let code = mdb_txn_begin(source.handle, nil, UInt32(MDB_RDONLY), &reader)
      if code == 0 { mdb_txn_abort(reader) }
      return code == MDB_MAP_RESIZED
    }
    try backend.applyOps((0..<1_000).map { Self.put($0) })
    #expect(isTooSmall())
    let reader = try LMDBEnvironment.begin(source.handle, MDB_RDONLY, "reading")
    #expect(mdb_txn_id(reader) == backend.environment.lastCommit)
    mdb_txn_abort(reader)
    try backend.applyOps((0..<10_000).map { Self.put($0) })
    #expect(isTooSmall())
    let copy = LMDBFolder(path: store.root.path + "/copy")
    try copy.prepare(.init())
    try copy.fill(from: source.handle)
    let copied = try LMDBBackend(path: copy.path, store: .init(mustExist: true))
    defer { copied.close() }
    #expect(try copied.countRange(category: "c", range: .all) == 10_000)
    #expect(try copied.findings() == [])
  }

  @Test("it has none of the free pages")
  func compact() throws {
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    try backend.applyOps((0..<4_000).map { Self.put($0) })
    try backend.applyOps([.deleteRange(category: "c", range: KeyRange(start: Key(100), stop: nil))])
    try backend.backup(to: store.root.path + "/copy")
    let copy = try LMDBBackend(path: store.root.path + "/copy", store: .init(mustExist: true))
    defer { copy.close() }
    #expect(try copy.sizeOnDisk() < backend.sizeOnDisk() / 10)
    #expect(try copy.countRange(category: "c", range: .all) == 100)
  }

  @Test("it takes no lock from the store, which other processes still find in use")
  func keepsLocks() async throws {
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    try backend.applyOps([Self.put(1)])
    try backend.backup(to: store.root.path + "/copy")
    await #expect(processExitsWith: .exitCode(42)) { [lock = store.path + "/lock.mdb" as String] in
      let descriptor = open(lock, O_RDWR)
      var wanted = flock()
      wanted.l_type = Int16(F_WRLCK)
      wanted.l_whence = Int16(SEEK_SET)
      wanted.l_len = 1
      exit(fcntl(descriptor, F_GETLK, &wanted) == 0 && Int32(wanted.l_type) == F_RDLCK ? 42 : 1)
    }
    #expect(try backend.getOne(category: "c", key: Key(1)) != nil)
  }
}
