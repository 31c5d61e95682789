import Foundation
import PersistencyPostgres
import TestSupport
import Testing

@Suite("What can be set about PostgreSQL", .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresOptionTests {
  @Test("the portable dialect keeps a job taken until it is closed or fenced, whoever has died")
  func portable() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    func stores(fences: Bool = false) throws -> any RemoteStores {
      let engine = try Engine.postgres(
        connection: server.connection, options: .init(fencesWriter: fences, dialect: .portable))
      return try #require(engine.remote?("/"))
    }
    let first = try stores().open("job", StoreOptions(), .ready)
    try first.applyOps([.put(category: "c", key: Key("a"), payload: [1])])
    #expect(try first.getOne(category: "c", key: Key("a")) == [1])
    #expect(try stores().find("job")?.isOpen == true)
    #expect(try stores().all().map(\.id) == ["job"])
    // Its process has gone, and another comes.
    try server.sql("UPDATE kv_jobs SET token='of another process'")
    do {
      _ = try stores().open("job", StoreOptions(), .ready)
      Issue.record("the second writer was let in")
    } catch let error as PersistencyError {
      #expect(error.kind == .locked && error.message.contains("fencesWriter"), "\(error)")
    }
    let second = try stores(fences: true).open("job", StoreOptions(), .ready)
    try second.applyOps([.put(category: "c", key: Key("a"), payload: [2])])
    #expect(await kind { try first.applyOps([.put(category: "c", key: Key("a"), payload: [3])]) } == .locked)
    first.close()
    #expect(try second.getOne(category: "c", key: Key("a")) == [2])
    #expect(try stores().find("job")?.isOpen == true)
    second.close()
    #expect(try stores().find("job")?.isOpen == false)
    try stores().remove("job", in: [.ready])
    #expect(try stores().find("job") == nil && server.sql("SELECT count(*) FROM kv") == "0")
  }

  @Test(
    "reads over the bound of connections wait for one, and time out at the deadline; reads inside a visit do not wait")
  func connections() async throws {
    let server = try #require(ThrowawayServer("fsync=off"))
    let engine = try server.engine {
      $0.connections = 1
      $0.deadline = .seconds(1)
    }
    let folder = FileManager.default.temporaryDirectory.path
    let store = try engine.open(folder + "/kv-\(UUID().uuidString)")
    defer { store.close() }
    // More than a first page, so that the visit keeps its connection.
    try store.applyOps((0..<300).map { .put(category: "c", key: Key($0), payload: [1]) })
    var seen = 0
    let refused = Locked<PersistencyError?>(nil)
    var nested: [UInt8]?
    try store.visitRange(category: "c", range: .all, reverse: false) { _, _ throws(PersistencyError) in
      seen += 1
      if seen > 1 { return .next }
      let ended = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        do throws(PersistencyError) { _ = try store.getOne(category: "c", key: Key(1)) } catch {
          refused.withLock { $0 = error }
        }
        ended.signal()
      }
      ended.wait()
      // It may hold the one that there is itself.
      nested = try store.getOne(category: "c", key: Key(2))
      return .next
    }
    let error = refused.withLock { $0 }
    #expect(error?.kind == .timeout, "\(String(describing: error))")
    #expect(error?.message.contains("PostgresOptions.connections") == true, "\(String(describing: error))")
    #expect(nested == [1])
    #expect(seen == 300)
    #expect(try store.getOne(category: "c", key: Key(3)) == [1])
  }
}
