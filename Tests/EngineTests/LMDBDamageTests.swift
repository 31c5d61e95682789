import Foundation
import Testing

@testable import PersistencyLMDB

@Suite("LMDB: overwritten pages")
struct LMDBDamageTests {
  typealias Shape = LMDBDamage.Shape
  typealias Kind = LMDBDamage.Kind

  static let rounds = ProcessInfo.processInfo.environment["LMDB_DAMAGE_ROUNDS"].flatMap(Int.init) ?? 24

  /// A closed store, and its file.
  static func made(_ shape: Shape) throws -> (store: LMDBStore, file: [UInt8]) {
    let store = try LMDBStore()
    let backend = try store.open(.init(durability: .volatile))
    try shape.fill(backend)
    backend.close()
    return (store, [UInt8](try #require(FileManager.default.contents(atPath: store.data))))
  }

  @Test(
    "Whatever a page is overwritten with, the store is corrupted or sound, and the process goes on",
    arguments: Shape.allCases)
  func anyPage(_ shape: Shape) async throws {
    // In a process of its own, because a regression would end it.
    await #expect(processExitsWith: .success) { [shape = shape.rawValue as String] in
      let shape = try #require(Shape(rawValue: shape))
      let (store, pristine) = try Self.made(shape)
      let pages = pristine.count / LMDBDamage.pageSize
      var noticed = 0
      for seed in 0..<Self.rounds {
        var random = Seeded(state: UInt64(seed))
        // The heads and the first pages more often than the rest.
        let page = Int.random(in: 0..<(seed % 2 == 0 ? min(pages, 30) : pages), using: &random)
        let kind = Kind.allCases[seed % Kind.allCases.count]
        let file = LMDBDamage.overwrite(page, kind, of: pristine, &random)
        try Data(file).write(to: URL(fileURLWithPath: store.data))
        let kinds = LMDBDamage.use(store.path, &random)
        #expect(kinds.subtracting([.corrupted, .unsupported]) == [], "seed \(seed), page \(page), \(kind)")
        noticed += kinds.isEmpty ? 0 : 1
      }
      #expect(noticed > 0)
    }
  }

  @Test("A page that a root leads to is missed in no store when it is overwritten wholly", arguments: Shape.allCases)
  func everyPage(_ shape: Shape) throws {
    let (store, pristine) = try Self.made(shape)
    let live = try Self.livePages(pristine)
    var random = Seeded(state: 5)
    for page in [0, 1] + live.shuffled(using: &random).prefix(12) {
      for kind in [Kind.zeros, .ones, .random] {
        try Data(LMDBDamage.overwrite(page, kind, of: pristine, &random)).write(to: URL(fileURLWithPath: store.data))
        let error = #expect(throws: PersistencyError.self) { try store.open(.init(mustExist: true)).close() }
        #expect(error?.kind == .corrupted, "page \(page), \(kind): \(String(describing: error))")
      }
    }
    try Data(pristine).write(to: URL(fileURLWithPath: store.data))
    let backend = try store.open(.init(mustExist: true))
    defer { backend.close() }
    #expect(try backend.findings() == [])
  }

  /// The branches and leaves of the rows' tree.
  static func livePages(_ file: [UInt8]) throws -> [Int] {
    func number(_ offset: Int, _ count: Int) -> Int {
      (0..<count).reversed().reduce(0) { $0 << 8 | Int(file[offset + $1]) }
    }
    let head = number(144, 8) > number(LMDBDamage.pageSize + 144, 8) ? 0 : LMDBDamage.pageSize
    var pending = [number(head + 128, 8)]
    var found: [Int] = []
    while let page = pending.popLast() {
      found.append(page)
      let base = page * LMDBDamage.pageSize
      guard number(base + 10, 2) == 1 else { continue }
      for slot in stride(from: 16, to: number(base + 12, 2), by: 2) {
        pending.append(number(base + number(base + slot, 2), 6))
      }
    }
    return found
  }

  @Test(
    "A store that was closed and not written since is sealed; what writes it breaks the seal, and closing seals it again"
  )
  func seal() throws {
    let (store, pristine) = try Self.made(.branches)
    let folder = LMDBFolder(path: store.path)
    func isSealed() throws -> Bool {
      let backend = try store.open(.init(access: .readOnly))
      defer { backend.close() }
      return folder.isSealed(UInt64(backend.environment.lastCommit))
    }
    #expect(try isSealed())
    let backend = try store.open()
    #expect(folder.isSealed(UInt64(backend.environment.lastCommit)), "opening writes nothing")
    try backend.applyOps([.put(category: "c", key: Key(1), payload: [1])])
    #expect(!folder.isSealed(UInt64(backend.environment.lastCommit)))
    backend.close()
    #expect(try isSealed())
    try Data(pristine).write(to: URL(fileURLWithPath: store.data))
    #expect(try !isSealed())
    try store.open().close()
    #expect(try isSealed())
  }

  @Test("Of a large store that is sealed no page is read at opening; the check reads them all, without LMDB")
  func sealedIsTrusted() async throws {
    await #expect(processExitsWith: .success) {
      let (store, pristine) = try Self.made(.freePages)
      #expect(pristine.count > 4 << 20)
      let folder = LMDBFolder(path: store.path)
      let commit = try Self.commit(store)
      var opened = 0
      for page in try Self.livePages(pristine).prefix(20) {
        var random = Seeded(state: UInt64(page))
        try Data(LMDBDamage.overwrite(page, .random, of: pristine, &random)).write(to: URL(fileURLWithPath: store.data))
        folder.seal(commit)
        do {
          let backend = try store.open(.init(access: .readOnly, mustExist: true))
          defer { backend.close() }
          #expect(try backend.findings().count >= 1)
          opened += 1
        } catch let error as PersistencyError {
          // On the way to the format record.
          #expect(error.kind == .corrupted)
        }
      }
      #expect(opened > 10)
    }
  }

  static func commit(_ store: LMDBStore) throws -> UInt64 {
    let backend = try store.open()
    defer { backend.close() }
    return UInt64(backend.environment.lastCommit)
  }

  @Test("Beyond the bytes that are examined at opening only branches are, and the check finds the rest")
  func bounded() throws {
    let (store, pristine) = try Self.made(.freePages)
    let live = try Self.livePages(pristine)
    let options = LMDBOptions(initialMapBytes: 1 << 30, examinedBytes: 0)
    var random = Seeded(state: 1)
    // The root is a branch; the last page found is a leaf.
    for (page, isNoticed) in [(live[0], true), (try #require(live.last), false)] {
      try Data(LMDBDamage.overwrite(page, .zeros, of: pristine, &random)).write(to: URL(fileURLWithPath: store.data))
      do {
        let backend = try LMDBBackend(path: store.path, store: .init(access: .readOnly), options: options)
        defer { backend.close() }
        #expect(!isNoticed)
        #expect(try !backend.findings().isEmpty)
      } catch let error as PersistencyError {
        #expect(isNoticed && error.kind == .corrupted)
      }
    }
  }

  @Test("No history of commits looks damaged", arguments: [UInt64(1), 2, 3, 4])
  func noFalseAlarm(_ seed: UInt64) throws {
    let store = try LMDBStore()
    var random = Seeded(state: seed)
    var backend = try store.open(.init(durability: .volatile), map: 1 << 20)
    defer { backend.close() }
    let keys = (0..<400).map { index in
      index % 5 == 0 ? raw(bytes(UInt8(index % 256), 300 + index * 5)) : Key(index % 7, index)
    }
    for step in 0..<250 {
      let most = step % 10 == 0 ? 300 : 12
      let ops = (0..<Int.random(in: 1...most, using: &random)).map { _ -> TxOp in
        let key = keys[Int.random(in: 0..<keys.count, using: &random)]
        return switch random.next() % 16 {
        case 0..<5: .delete(category: "c", key: key)
        case 5 where step % 25 == 24: .deleteRange(category: "c", range: KeyRange(start: key, stop: nil))
        case 6: .put(category: "c", key: key, payload: bytes(1, Int.random(in: 0...40_000, using: &random)))
        default: .put(category: "c", key: key, payload: bytes(2, Int.random(in: 0...700, using: &random)))
        }
      }
      try backend.applyOps(ops)
      try #require(try backend.findings() == [], "seed \(seed), step \(step)")
      if step % 60 == 59 {
        backend.close()
        backend = try store.open(.init(durability: .volatile, mustExist: true), map: 1 << 20)
      }
    }
  }

  @Test("Beside a writer of another process, which commits all the time, nothing looks damaged")
  func besideWriter() async throws {
    let store = try LMDBStore()
    try store.open().close()
    let (path, stop) = (store.path, store.root.path + "/stop")
    async let writer: Void = Self.write(path, until: stop)
    defer { _ = FileManager.default.createFile(atPath: stop, contents: nil) }
    // Long, because tests that hold every thread of the pool may run before the writer is started.
    let end = ContinuousClock().now + .seconds(900)
    var commits: Set<Int> = []
    while commits.count < 50 && ContinuousClock().now < end {
      let backend = try store.open(.init(access: .readOnly, mustExist: true))
      defer { backend.close() }
      commits.insert(backend.environment.lastCommit)
      try #require(try backend.findings() == [])
      // The writer is a task too, and needs a thread to be started on.
      try await Task.sleep(for: .milliseconds(1))
    }
    #expect(commits.count >= 50)
    _ = FileManager.default.createFile(atPath: stop, contents: nil)
    await writer
  }

  @Test("regression: heads that are written several times between two reads are not taken for damaged ones")
  func headsBesideWriter() throws {
    let store = try LMDBStore()
    try store.open().close()
    let file = open(store.data, O_RDWR)
    try #require(file >= 0)
    let pages = LMDBPages(descriptor: file, size: 8_192)
    let heads = try #require(pages.metas())
    let (latest, pageSize) = (max(heads[0].transaction, heads[1].transaction), heads[0].pageSize)
    let isOver = Locked(false)
    let writer = try #require(
      BackgroundThread(named: "heads") {
        // As commits do, by turns, three at once and then a while none.
        var number = latest + 1
        while !isOver.withLock({ $0 }) {
          for _ in 0..<3 {
            pwrite(file, &number, 8, off_t(Int(number & 1) * pageSize + 144))
            number += 1
          }
          usleep(20)
        }
      })
    defer {
      isOver.withLock { $0 = true }
      writer.join()
      close(file)
    }
    for _ in 0..<3_000 {
      let metas = try #require(pages.metas())
      try #require(LMDBMeta.isPair(metas[0], metas[1]), "\(metas[0].transaction) and \(metas[1].transaction)")
    }
  }

  static func write(_ path: String, until stop: String) async {
    await #expect(processExitsWith: .success) { [path = path as String, stop = stop as String] in
      let backend = try LMDBBackend(path: path, store: .init(durability: .volatile))
      var number = 0
      while !FileManager.default.fileExists(atPath: stop) {
        number += 1
        try backend.applyOps([
          .put(category: "c", key: Key(number % 500), payload: bytes(1, number * 37 % 6_000)),
          .delete(category: "c", key: Key(number * 7 % 500)),
        ])
      }
      backend.close()
    }
  }
}
