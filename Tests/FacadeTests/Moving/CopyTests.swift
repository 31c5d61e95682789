import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("Copies of jobs")
struct CopyTests {
  @Test("a copy holds what the job holds, on every pair of engines", arguments: EnginePair.all(Engine.every))
  func everyPair(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      let source = try await jobs.makeHostileJob("a", on: pair.from)
      let digest = try await jobs.copyJob("a", as: "b", to: pair.to)
      #expect(digest.rows == 1_521)
      #expect(try await jobs.digestJob("a") == digest)
      #expect(try await jobs.digestJob("b") == digest)
      #expect(jobs.hasJob("b") == !pair.to.capabilities.persistent)
      let copy = try await jobs.openJob("b")
      #expect(copy.engine.name == pair.to.name)
      let expected = try await source.scan(category: "many")
      #expect(try await copy.scan(category: "many") == expected)
      // It is a job like any other.
      try await copy.put(category: "many", key: Key("new"), payload: [1])
      #expect(try await source.exists(category: "many", key: Key("new")) == false)
      try await jobs.close()
    }
  }

  @Test("a job that is not open is copied too, and stays closed", arguments: Engine.stored)
  func closedSource(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      try await jobs.makeHostileJob("a", on: engine)
      try await jobs.closeJob("a")
      let digest = try await jobs.copyJob("a", as: "b")
      #expect(!jobs.hasJob("a") && !jobs.hasJob("b"))
      #expect(try await jobs.digestJob("b") == digest)
      #expect(try jobs.storedJobs().map(\.engine) == [engine.name, engine.name])
      try await jobs.close()
    }
  }

  @Test("an empty job has an empty copy", arguments: EnginePair.stored)
  func empty(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      _ = try await jobs.openJob("a", engine: pair.from)
      let digest = try await jobs.copyJob("a", as: "b", to: pair.to)
      #expect(digest == ContentDigest(rows: 0, bytes: 0, checksum: 0xEF46_DB37_51D8_E999))
      #expect(try await jobs.openJob("b").categories() == [])
      try await jobs.close()
    }
  }

  @Test("FAULTS 94: a job that exists, open or stored, is no target, and stays as it is", arguments: EnginePair.stored)
  func existingTarget(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      try await jobs.makeHostileJob("a", on: pair.from)
      let target = try await jobs.openJob("b", engine: pair.to)
      try await target.put(category: "c", key: Key("k"), payload: [1])
      #expect(await kind { try await jobs.copyJob("a", as: "b", to: pair.to) } == .conflict)
      try await jobs.closeJob("b")
      #expect(await kind { try await jobs.copyJob("a", as: "b", to: pair.to) } == .conflict)
      #expect(await kind { try await jobs.copyJob("a", as: "b", to: .memory) } == .conflict)
      #expect(try await jobs.digestJob("b").rows == 1)
      // An original's file is a job as well.
      try FileManager.default.copyItem(
        atPath: root + "/b" + pair.to.fileSuffix, toPath: root + "/c" + pair.to.fileSuffix)
      let expected: PersistencyError.Kind = pair.to.name == "sqlite" ? .conflict : .corrupted
      #expect(await kind { try await jobs.copyJob("a", as: "c", to: pair.to) } == expected)
      try await jobs.close()
    }
  }

  @Test("what cannot be copied is refused, and leaves nothing")
  func refused() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite])
      #expect(await kind { try await jobs.copyJob("none", as: "b") } == .jobNotFound)
      #expect(await kind { try await jobs.copyJob("a", as: "a") } == .invalidArgument)
      #expect(await kind { try await jobs.copyJob("a", as: "") } == .invalidArgument)
      #expect(await kind { try await jobs.copyJob("a", as: "b", to: .lmdb) } == .invalidArgument)
      #expect(await kind { _ = try await jobs.digestJob("none") } == .jobNotFound)
      #expect(try names(in: root) == [])
      try await jobs.close()
      #expect(await kind { try await jobs.copyJob("a", as: "b") } == .closed)
    }
  }

  @Test("FAULTS 93: a job that is written meanwhile is copied as it was at one moment", arguments: EnginePair.stored)
  func liveSource(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      let source = try await jobs.makeHostileJob("a", on: pair.from)
      // Each batch moves a coin from one row to another: any one state has as many as at first.
      let coins = 64
      func coin(_ number: Int) -> Key { Key("coin", Int64(number)) }
      try await source.apply((0..<coins).map { .put(category: $0 % 2 == 0 ? "aa" : "zz", key: coin($0), payload: [1]) })
      let writer = Task {
        var moved = 0
        while !Task.isCancelled {
          let number = moved % coins
          let (from, to) = (moved / coins + number) % 2 == 0 ? ("aa", "zz") : ("zz", "aa")
          try await source.apply([
            .expect(category: from, key: coin(number), payload: [1]), .delete(category: from, key: coin(number)),
            .put(category: to, key: coin(number), payload: [1]),
          ])
          moved += 1
        }
        return moved
      }
      for round in 0..<3 {
        try await jobs.copyJob("a", as: "b\(round)", to: pair.to)
        let copy = try await jobs.openJob("b\(round)")
        let keys = try await copy.keys(category: "aa") + copy.keys(category: "zz")
        #expect(Set(keys) == Set((0..<coins).map(coin)) && keys.count == coins)
      }
      writer.cancel()
      _ = try? await writer.value
      try await jobs.close()
    }
  }

  @Test("a cancelled copy is no job, and the next one moves only what differs", arguments: EnginePair.different)
  func resumed(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let spy = SpyBackend.SharedState()
      let (engines, to) = pair.spied(spy)
      let jobs = try Persistency(rootDirectory: root, engines: engines)
      let source = try await jobs.makeHostileJob("a", on: pair.from, rows: 5_000)
      let running = Task { try await jobs.copyJob("a", as: "b", to: to) }
      spy.withLock { $0.onImport = { running.cancel() } }
      #expect(await kind { _ = try await running.value } == .cancelled)
      let first = spy.withLock { state in
        defer { (state.imported, state.onImport) = (0, nil) }
        return state.imported
      }
      #expect(first > 0 && first < 5_000)
      #expect(try jobs.storedJobs().map(\.id) == ["a"])
      #expect(await kind { _ = try await jobs.openJob("b", options: .init(access: .readOnly)) } == .jobNotFound)

      // The source goes on: rows new, changed and gone before and after where the copy stood.
      try await source.apply([
        .put(category: "", key: Key("new"), payload: [1]), .delete(category: "a", key: Key()),
        .put(category: "é", key: Key(), payload: [9]), .put(category: "zzz", key: Key("new"), payload: [2]),
        .deleteRange(category: "e\u{301}", range: .all), .deleteRange(category: "long", range: .all),
      ])
      let digest = try await jobs.copyJob("a", as: "b", to: to)
      #expect(digest == (try await jobs.digestJob("a")))
      #expect(digest == (try await jobs.digestJob("b")))
      #expect(spy.withLock { $0.imported } <= digest.rows - first + 10)
      #expect(try jobs.storedJobs().map(\.id) == ["a", "b"])
      try await jobs.close()
    }
  }

  @Test("what is left of a cancelled copy gives way to a job of that id, and can be dropped", arguments: Engine.stored)
  func leftovers(_ engine: Engine) async throws {
    try await withRoot { root in
      let spy = SpyBackend.SharedState()
      let jobs = try Persistency(rootDirectory: root, engines: [engine.spied(spy)])
      try await jobs.makeHostileJob("a", on: engine.spied(spy))
      func cancelled(as id: String) async {
        let running = Task { try await jobs.copyJob("a", as: id) }
        spy.withLock { $0.onImport = { running.cancel() } }
        #expect(await kind { _ = try await running.value } == .cancelled)
        spy.withLock { $0.onImport = nil }
      }
      await cancelled(as: "b")
      let made = try await jobs.openJob("b")
      #expect(try await made.categories() == [])
      await cancelled(as: "c")
      try await jobs.dropJob("c")
      #expect(try names(in: root).allSatisfy { !$0.hasPrefix("c") })
      // A copy of something else does not go on with it either.
      await cancelled(as: "d")
      try await made.put(category: "x", key: Key("k"), payload: [1])
      #expect(try await jobs.copyJob("b", as: "d").rows == 1)
      #expect(try await jobs.digestJob("d").rows == 1)
      try await jobs.close()
    }
  }

  @Test("a copy that fails leaves nothing, and can be made again", arguments: EnginePair.stored)
  func failing(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let spy = SpyBackend.SharedState()
      let (engines, to) = pair.spied(spy)
      let jobs = try Persistency(rootDirectory: root, engines: engines)
      try await jobs.makeHostileJob("a", on: pair.from)
      let before = try names(in: root)
      for failure in [PersistencyError.Kind.storageFull, .backend] {
        for batch in 0..<3 {
          spy.withLock { ($0.failure, $0.failsAfter) = (PersistencyError(failure, "a test"), batch) }
          #expect(await kind { try await jobs.copyJob("a", as: "b", to: to) } == failure)
          #expect(try names(in: root) == before)
        }
      }
      spy.withLock { ($0.failsAfter, $0.lies) = (-1, pair.from.name != pair.to.name) }
      if pair.from.name != pair.to.name {
        #expect(await kind { try await jobs.copyJob("a", as: "b", to: to) } == .corrupted)
        #expect(try names(in: root) == before)
      }
      spy.withLock { $0.lies = false }
      try await jobs.copyJob("a", as: "b", to: to)
      #expect(try await jobs.digestJob("b") == jobs.digestJob("a"))
      try await jobs.close()
    }
  }

  @Test("a job that is closed or dropped in mid-copy ends the copy with one clear error", arguments: EnginePair.stored)
  func sourceGone(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let (spy, sourceSpy) = (SpyBackend.SharedState(), SpyBackend.SharedState())
      let (to, from) = (pair.to.spied(spy), pair.from.spied(sourceSpy))
      let jobs = try Persistency(rootDirectory: root, engines: pair.to.name == pair.from.name ? [from] : [from, to])
      try await jobs.makeHostileJob("a", on: from, rows: 5_000)
      let before = try names(in: root)
      func copyWhile(_ body: @escaping @Sendable () async throws -> Void) async throws -> PersistencyError.Kind? {
        let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
        spy.withLock {
          $0.onImport = {
            beginning.yield(())
            sourceSpy.storesClosed()
          }
        }
        async let outcome = kind { try await jobs.copyJob("a", as: "b", to: to) }
        for await _ in begun { break }
        try await body()
        return await outcome
      }
      #expect(try await copyWhile { try await jobs.closeJob("a") } == .closed)
      #expect(try names(in: root) == before)
      _ = try await jobs.openJob("a")
      #expect(try await copyWhile { try await jobs.dropJob("a") } == .closed)
      #expect(try names(in: root) == [])
      try await jobs.close()
    }
  }

  @Test("copies both ways at once end, and closing the instance ends a copy", arguments: Engine.stored)
  func noDeadlock(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      for id in ["a", "b"] {
        try await jobs.makeHostileJob(id, on: engine)
        try await jobs.closeJob(id)
      }
      async let there = kind { try await jobs.copyJob("a", as: "b") }
      async let back = kind { try await jobs.copyJob("b", as: "a") }
      #expect(await [there, back] == [.conflict, .conflict])
      let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
      async let copy = kind { try await jobs.copyJob("a", as: "c") { _ in beginning.yield(()) } }
      for await _ in begun { break }
      try await jobs.close()
      let outcome = await copy
      #expect(outcome == .closed || outcome == nil)
    }
  }

  @Test("progress tells phases, rows and the total, and ends at the total")
  func progress() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      try await jobs.makeHostileJob("a", on: .sqlite)
      let heard = Heard()
      try await jobs.copyJob("a", as: "b", to: .lmdb) { heard.add($0) }
      let moving = heard.all.filter { $0.phase == .moving }
      #expect(moving.last?.rows == 1_521 && moving.last?.totalRows == 1_521)
      #expect(heard.all.last?.phase == .verifying && heard.all.last?.rows == 1_521)
      #expect(zip(moving, moving.dropFirst()).allSatisfy { $0.rows <= $1.rows && $0.bytes <= $1.bytes })
      try await jobs.close()
    }
  }

  @Test("a category that is not UTF-8 is copied, and a copy cut short with one is made anew")
  func rawCategories() async throws {
    try await withRoot { root in
      let spy = SpyBackend.SharedState()
      let lmdb = Engine.lmdb.spied(spy)
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, lmdb, .rocks])
      try await jobs.makeHostileJob("seed", on: .sqlite)
      try await jobs.closeJob("seed")
      let store = try Engine.sqlite.open(root + "/seed.db")
      try store.importRows([RawRow(category: [0, 0xFF], key: Key("k"), payload: [1])])
      store.close()
      let digest = try await jobs.digestJob("seed")
      #expect(digest.rows == 1_522)
      #expect(try await jobs.copyJob("seed", as: "r", to: .rocks) == digest)
      let running = Task { try await jobs.copyJob("seed", as: "l", to: lmdb) }
      spy.withLock { $0.onImport = { running.cancel() } }
      #expect(await kind { _ = try await running.value } == .cancelled)
      spy.withLock { ($0.onImport, $0.imported) = (nil, 0) }
      #expect(try await jobs.copyJob("seed", as: "l", to: lmdb) == digest)
      #expect(spy.withLock { $0.imported } == digest.rows)
      #expect(try await jobs.digestJob("l") == digest)
      try await jobs.close()
    }
  }
}

/// Progress as it came.
final class Heard: Sendable {
  private let heard = Locked<[MoveProgress]>([])
  func add(_ progress: MoveProgress) { heard.withLock { $0.append(progress) } }
  var all: [MoveProgress] { heard.withLock { $0 } }
}
