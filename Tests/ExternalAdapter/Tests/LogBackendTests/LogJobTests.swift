import Foundation
import LogBackend
import PersistencyCore
import Testing

@Suite("Jobs on the log")
struct LogJobTests {
  @Test("read what they wrote, and again after a restart")
  func restart() async throws {
    let root = FileManager.default.temporaryDirectory.path + "/log-jobs-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let first = try Persistency(rootDirectory: root, engines: [.log])
    let job = try await first.openJob("x")
    try await job.put(category: "chan", key: Key("a", 1), payload: [1])
    try await job.persistPut(category: "chan", key: Key("a", 2), payload: [])
    let queued = try await job.scan(category: "chan")
    #expect(queued.map(\.payload) == [[1], []])
    #expect(try await job.delete(category: "chan", key: Key("a", 1)))
    try await first.close()

    let second = try Persistency(rootDirectory: root, engines: [.log])
    #expect(try second.storedJobs().map(\.engine) == ["log"])
    let again = try await second.openJob("x")
    let found = try await again.get(category: "chan", key: Key("a", 2))
    #expect(found == [])
    let gone = try await again.get(category: "chan", key: Key("a", 1))
    #expect(gone == nil)
    try await second.close()
  }

  @Test("of two roots share nothing")
  func roots() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/log-roots-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let one = try Persistency(rootDirectory: folder + "/1", engines: [.log])
    let two = try Persistency(rootDirectory: folder + "/2", engines: [.log])
    try await one.openJob("x").put(category: "c", key: Key("k"), payload: [1])
    let found = try await two.openJob("x").get(category: "c", key: Key("k"))
    #expect(found == nil)
    try await one.close()
    try await two.close()
  }
}
