import Foundation
import Testing

@testable import PersistencyLMDB

@Suite("LMDB: opening, refusing and closing")
struct LMDBStoreTests {
  static func filled(_ store: LMDBStore, rows: Int = 2_000) throws {
    let backend = try store.open()
    for step in 0..<10 {
      try backend.applyOps(
        (0..<(rows / 10)).map { .put(category: "c", key: Key(step, $0), payload: bytes(UInt8(step), 500)) })
    }
    backend.close()
  }

  @Test("A missing, emptied or emptied-out store that must exist is corrupted, and nothing is made")
  func mustExist() throws {
    let store = try LMDBStore()
    store.refuses(.corrupted, .init(mustExist: true))
    store.refuses(.corrupted, .init(access: .readOnly))
    try FileManager.default.createDirectory(atPath: store.path, withIntermediateDirectories: true)
    store.refuses(.corrupted, .init(mustExist: true))
    try Data().write(to: URL(fileURLWithPath: store.data))
    store.refuses(.corrupted, .init(mustExist: true))
  }

  @Test("Garbage, another engine's folder, a plain file and links are refused and left as they are")
  func foreign() throws {
    let garbage = try LMDBStore()
    try FileManager.default.createDirectory(atPath: garbage.path, withIntermediateDirectories: true)
    try Data(repeating: 0x5A, count: 40_960).write(to: URL(fileURLWithPath: garbage.data))
    garbage.refuses(.corrupted)
    garbage.refuses(.corrupted, .init(mustExist: true))
    garbage.refuses(.corrupted, .init(access: .readOnly))

    let rocks = try LMDBStore()
    try FileManager.default.createDirectory(atPath: rocks.path, withIntermediateDirectories: true)
    try Data("MANIFEST-000001\n".utf8).write(to: URL(fileURLWithPath: rocks.path + "/CURRENT"))
    rocks.refuses(.corrupted)

    let file = try LMDBStore()
    try Data("SQLite format 3\0".utf8).write(to: URL(fileURLWithPath: file.path))
    file.refuses(.corrupted)

    let link = try LMDBStore()
    try Self.filled(link, rows: 10)
    let real = link.root.appendingPathComponent("real").path
    try FileManager.default.moveItem(atPath: link.path, toPath: real)
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: real)
    link.refuses(.corrupted)
    try FileManager.default.removeItem(atPath: link.path)
    try FileManager.default.createDirectory(atPath: link.path, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: link.data, withDestinationPath: real + "/data.mdb")
    link.refuses(.corrupted)
  }

  @Test("Half a head, a damaged second head and a newer format are refused")
  func heads() throws {
    for (offset, expected) in [(0, PersistencyError.Kind.corrupted), (4_096, .corrupted)] {
      let store = try LMDBStore()
      try Self.filled(store, rows: 10)
      let handle = try #require(FileHandle(forUpdatingAtPath: store.data))
      try handle.seek(toOffset: UInt64(offset))
      try handle.write(contentsOf: Data(repeating: 0xEE, count: 200))
      try handle.close()
      store.refuses(expected)
    }
    let newer = try LMDBStore()
    try Self.filled(newer, rows: 10)
    let backend = try newer.open()
    let outcome = backend.environment.write(backend.gate) { writer in
      Result { () throws(PersistencyError) in
        try writer.transaction(sync: true) { transaction throws(PersistencyError) in
          try LMDBLayout.formatKey.withBytes { key throws(PersistencyError) in
            try [0, 0, 0, 2].withBytes { version throws(PersistencyError) in try transaction.store(key, version) }
          }
        }
      }
    }
    try outcome.get()
    backend.close()
    let error = #expect(throws: PersistencyError.self) { try newer.open() }
    #expect(error?.kind == .unsupported)
  }

  @Test("A file cut anywhere is refused, or whole; the process goes on")
  func truncated() throws {
    let store = try LMDBStore()
    try Self.filled(store)
    let whole = try #require(FileManager.default.contents(atPath: store.data))
    #expect(whole.count > 200_000)
    for cut in [100, 4_096, 4_097, 8_191, 8_192, 12_288, 50_000, whole.count / 2, whole.count - 4_096, whole.count - 1]
    {
      try whole.prefix(cut).write(to: URL(fileURLWithPath: store.data))
      do {
        let backend = try store.open(.init(mustExist: true))
        defer { backend.close() }
        #expect(try backend.countRange(category: "c", range: .all) == 2_000)
        #expect(try backend.findings() == [])
        try backend.applyOps([.put(category: "c", key: Key("new"), payload: [1])])
      } catch let error as PersistencyError {
        #expect(error.kind == .corrupted, "cut to \(cut): \(error)")
      }
    }
    try whole.write(to: URL(fileURLWithPath: store.data))
    let backend = try store.open(.init(mustExist: true))
    defer { backend.close() }
    #expect(try backend.countRange(category: "c", range: .all) == 2_000)
  }

  @Test("A store opens once in a process, by whatever path, and again after closing")
  func once() throws {
    let store = try LMDBStore()
    let backend = try store.open()
    let second = #expect(throws: PersistencyError.self) { try store.open() }
    #expect(second?.kind == .locked)
    let dotted = #expect(throws: PersistencyError.self) {
      try LMDBBackend(path: store.root.path + "/./store.lmdb/", store: .init(access: .readOnly))
    }
    #expect(dotted?.kind == .locked)
    try backend.applyOps([.put(category: "", key: Key(), payload: [])])
    #expect(try backend.sizeOnDisk() > 0)
    backend.close()
    backend.close()
    #expect(throws: PersistencyError.self) { try backend.getOne(category: "", key: Key()) }
    let again = try store.open(.init(durability: .full, mustExist: true))
    #expect(try again.getOne(category: "", key: Key()) == [])
    again.close()
  }

  @Test("Folder and files belong to their owner alone")
  func modes() throws {
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    for (path, mode) in [(store.path, 0o700), (store.data, 0o600), (store.path + "/lock.mdb", 0o600)] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == mode)
    }
  }

  @Test("A store opened read-only reads, and refuses every write")
  func readOnly() throws {
    let store = try LMDBStore()
    try Self.filled(store, rows: 100)
    let backend = try store.open(.init(access: .readOnly))
    defer { backend.close() }
    #expect(try backend.countRange(category: "c", range: .all) == 100)
    #expect(try backend.findings() == [])
    let put = TxOp.put(category: "c", key: Key(1), payload: [])
    let errors = [
      #expect(throws: PersistencyError.self) { try backend.applyOps([put]) },
      #expect(throws: PersistencyError.self) { try backend.deleteOne(category: "c", key: Key(1)) },
      #expect(throws: PersistencyError.self) { try backend.applyGroup([[put]], sync: false)[0].get() },
    ]
    #expect(errors.map { $0?.kind } == [.unsupported, .unsupported, .unsupported])
  }

  @Test("Each level takes what it promises, and only those that can raise a group to full do")
  func levels() throws {
    for level in Durability.allCases {
      let store = try LMDBStore()
      let backend = try store.open(.init(durability: level))
      let group = backend.applyGroup([[.put(category: "c", key: Key(1), payload: [1])], []], sync: true)
      let failed = group.map { (outcome: Result<Void, PersistencyError>) -> PersistencyError.Kind? in
        if case .failure(let error) = outcome { error.kind } else { nil }
      }
      #expect(failed == (level == .volatile ? [.invalidArgument, .invalidArgument] : [nil, nil]))
      #expect(backend.applyGroup([[], []], sync: level != .volatile).count == 2)
      backend.close()
      let again = try store.open(.init(mustExist: true))
      #expect(try again.existsOne(category: "c", key: Key(1)) == (level != .volatile))
      again.close()
    }
  }
}
