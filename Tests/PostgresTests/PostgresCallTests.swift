import Foundation
import PersistencyPostgres
import TestSupport
import Testing

@Suite(
  "Every call to PostgreSQL says what failed", .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresCallTests {
  private func error(_ body: () throws -> Void) -> PersistencyError? {
    do {
      try body()
      return nil
    } catch {
      return error as? PersistencyError
    }
  }

  private func stores(
    of server: ThrowawayServer, deadline: Duration = .seconds(2), namespace: String = ""
  ) throws -> any RemoteStores {
    let engine = try Engine.postgres(
      connection: server.connection, options: .init(deadline: deadline, namespace: namespace))
    return try #require(engine.remote?("/"))
  }

  @Test("of a server that is gone: what was to be done, a timeout, and nothing is latched when it is back")
  func gone() throws {
    let server = try #require(ThrowawayServer())
    let stores = try stores(of: server)
    // Of the level below a server that dies may forget the last commits.
    let store = try stores.open("job", StoreOptions(durability: .full), .ready)
    defer { store.close() }
    try store.applyOps((0..<300).map { .put(category: "c", key: Key($0), payload: [1]) })
    server.kill()
    let calls: [(String, () throws -> Void)] = [
      ("reading", { _ = try store.getOne(category: "c", key: Key(1)) }),
      ("reading", { _ = try store.existsOne(category: "c", key: Key(1)) }),
      ("scanning", { _ = try store.scanRange(category: "c", range: .all, reverse: false, limit: 3) }),
      ("reading", { try store.visitRange(category: "c", range: .all, reverse: true) { _, _ in .next } }),
      ("reading", { try store.visitAll { _, _, _ in .next } }),
      ("counting", { _ = try store.countRange(category: "c", range: .all) }),
      ("reading the categories", { _ = try store.categories() }),
      ("measuring", { _ = try (store as? any KvMaintenance)?.sizeOnDisk() }),
      ("examining", { try (store as? any KvMaintenance)?.check { _ in } }),
      ("committing", { try store.applyOps([.put(category: "c", key: Key("no"), payload: [])]) }),
      ("looking what is there", { try store.applyOps([.expect(category: "c", key: Key(1), payload: nil)]) }),
      ("listing jobs", { _ = try stores.all() }), ("looking for a job", { _ = try stores.find("job") }),
    ]
    for (action, call) in calls {
      let error = error(call)
      #expect(error?.message.hasPrefix(action + ", ") == true, "\(action): \(String(describing: error))")
      #expect(error?.kind == .timeout || error?.kind == .backend, "\(String(describing: error))")
      #expect(error?.outcome == .notApplied, "\(String(describing: error))")
    }
    #expect(server.startAgain())
    try store.applyOps([.put(category: "c", key: Key("yes"), payload: [2])])
    #expect(try store.countRange(category: "c", range: .all) == 301)
  }

  @Test("a visit that loses its connection half-way ends there: its state is gone; the next one has all rows")
  func cutVisit() throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    let store = try stores(of: server).open("job", StoreOptions(), .ready)
    defer { store.close() }
    try store.applyOps((0..<3_000).map { .put(category: "c", key: Key($0), payload: [1]) })
    for isOfAll in [false, true] {
      var seen = 0
      let failure = error {
        let visit: () throws(PersistencyError) -> Visit = {
          seen += 1
          if seen == 50 { try? server.cutSessions() }
          return .next
        }
        if isOfAll {
          try store.visitAll { _, _, _ throws(PersistencyError) in try visit() }
        } else {
          try store.visitRange(category: "c", range: .all, reverse: false) { _, _ throws(PersistencyError) in
            try visit()
          }
        }
      }
      #expect(failure?.message.hasPrefix("reading on, ") == true, "\(String(describing: failure))")
      #expect(seen < 3_000 && seen >= 50)
      #expect(try store.scanRange(category: "c", range: .all, reverse: false, limit: nil).count == 3_000)
    }
    // A large payload comes by itself.
    try store.applyOps([.put(category: "c", key: Key(-1), payload: [UInt8](repeating: 2, count: 1 << 20))])
    try store.applyOps([.put(category: "c", key: Key(-2), payload: [UInt8](repeating: 2, count: 1 << 20))])
    var seen = 0
    let failure = error {
      try store.visitRange(category: "c", range: .all, reverse: false) { _, _ in
        seen += 1
        if seen == 1 { try? server.cutSessions() }
        return .next
      }
    }
    #expect(
      seen == 1 && failure?.message.hasPrefix("reading a large payload, ") == true, "\(String(describing: failure))")
    // One whose first page finds the sessions cut begins again.
    try server.cutSessions()
    seen = 0
    try store.visitRange(category: "c", range: .all, reverse: true) { _, _ in
      seen += 1
      return .next
    }
    #expect(seen == 3_002)
  }

  @Test("a visit of a server that has gone back is refused before its first row")
  func goneBack() throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    let store = try stores(of: server).open("job", StoreOptions(), .ready)
    defer { store.close() }
    for number in 0..<5 { try store.applyOps([.put(category: "c", key: Key(number), payload: [1])]) }
    try server.sql("UPDATE kv_jobs SET seq=seq-2")
    try server.cutSessions()
    let failure = error { try store.visitAll { _, _, _ in .next } }
    #expect(
      failure?.kind == .corrupted && failure?.message.contains("gone back") == true, "\(String(describing: failure))")
  }

  @Test("a store that must be there and is not, or is in another state, is not opened; one that is read is not written")
  func opening() throws {
    let server = try #require(ThrowawayServer.shared)
    let stores = try stores(of: server, deadline: .seconds(30), namespace: UUID().uuidString)
    func open(_ id: String, _ options: StoreOptions, _ state: RemoteStore.State = .ready) -> PersistencyError? {
      error { try stores.open(id, options, state).close() }
    }
    #expect(open("none", StoreOptions(mustExist: true))?.kind == .corrupted)
    #expect(open("none", StoreOptions(access: .readOnly))?.kind == .jobNotFound)
    #expect(try stores.find("none") == nil)
    #expect(open("half", StoreOptions(), .filling) == nil)
    let state = open("half", StoreOptions())
    #expect(
      state?.kind == .conflict && state?.message.contains("filling, not ready") == true, "\(String(describing: state))")
    #expect(error { try stores.mark("none", .ready, successor: nil) }?.kind == .jobNotFound)
    #expect(error { try stores.remove("half", in: [.ready]) }?.kind == .conflict)
    try stores.remove("none", in: [.ready])
    try stores.mark("half", .ready, successor: nil)
    let reader = try stores.open("half", StoreOptions(access: .readOnly), .ready)
    #expect(error { try reader.applyOps([.put(category: "c", key: Key(), payload: [])]) }?.kind == .unsupported)
    #expect(error { try reader.importRows([RawRow(category: [], key: Key(), payload: [])]) }?.kind == .unsupported)
    #expect(error { _ = try reader.deleteOne(category: "c", key: Key()) }?.kind == .unsupported)
    #expect(
      reader.applyGroup([[]], sync: true).allSatisfy {
        if case .failure(let error) = $0 { error.kind == .unsupported } else { false }
      })
    // One handle at a time, for a reader too.
    #expect(open("half", StoreOptions())?.kind == .locked)
    reader.close()
    #expect(open("half", StoreOptions(mustExist: true)) == nil)
    let engine = try Engine.postgres(connection: server.connection)
    #expect(error { try engine.open("/nowhere/at/all").close() }?.kind == .invalidArgument)
    #expect(
      error { try engine.open("/proc/kv-\(UUID().uuidString)", StoreOptions(mustExist: true)).close() }?.kind
        == .corrupted)
  }

  @Test("a check finds rows that are over the limits, which somebody else put there")
  func check() throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    let store = try stores(of: server).open("job", StoreOptions(), .ready)
    defer { store.close() }
    let maintained = try #require(store as? any KvMaintenance)
    try store.applyOps([.put(category: "c", key: Key("k"), payload: [1])])
    var found: [CheckFinding] = []
    try maintained.check { found.append($0) }
    #expect(found == [])
    #expect(try maintained.sizeOnDisk() > 64)
    // A category of 300 bytes; the key of the table has room for it.
    try server.sql("INSERT INTO kv SELECT job, decode(repeat('61',300),'hex'), '\\x6b', '\\x01' FROM kv_jobs")
    try maintained.check { found.append($0) }
    #expect(found.map(\.message) == ["1 rows are over the limits: they were not put there by this library"])
  }
}
