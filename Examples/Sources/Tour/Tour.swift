import Foundation
import PersistencyLMDB
import PersistencyMemory
import PersistencyPostgres
import PersistencySQLite

/// Five tasks of a messaging server, each in a few lines; run with `swift run --package-path Examples Tour`.
@main
struct Tour {
  static func main() async throws {
    let root = FileManager.default.temporaryDirectory.path + "/persistency-tour-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: root) }
    let jobs = try await enginePerJob(root)
    try await messageLog(jobs.job("chat"))
    try await outbox(jobs.job("outbox"))
    try await settings(jobs.job("chat"))
    try await counter(jobs.job("presence"))
    try await jobs.close()
  }

  /// An engine chosen per job: a file for what others should read, LMDB for what is read most, memory for what may vanish.
  ///
  /// Where the environment names a server, all of them are on it instead: the rest of the program is the same.
  static func enginePerJob(_ root: String) async throws -> Persistency {
    if let place = ProcessInfo.processInfo.environment["PERSISTENCY_POSTGRES"] {
      let jobs = try Persistency(rootDirectory: root, engines: [try .postgres(connection: place)])
      for id in ["chat", "outbox", "presence"] { _ = try await jobs.openJob(id) }
      return jobs
    }
    let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, .lmdb, .memory])
    _ = try await jobs.openJob("chat", engine: .lmdb)
    _ = try await jobs.openJob("outbox", engine: .sqlite, options: JobOptions(durability: .full))
    _ = try await jobs.openJob("presence", engine: .memory)
    return jobs
  }

  /// A message log per channel: writes that do not wait, the newest page, then the pages on either side of a message.
  static func messageLog(_ log: Job) async throws {
    for number in 0..<100 { try await log.persistPut(category: "general", key: Key(number), payload: [UInt8(number)]) }
    let newest = try await log.scan(category: "general", reverse: true, limit: 10)
    let older = try await log.scan(category: "general", range: .all.before(newest[9].key), reverse: true, limit: 10)
    let newer = try await log.scan(category: "general", range: .all.after(older[0].key), limit: 10)
    print("newest", try newest[0].key.decode(Int.self), "older", try older[0].key.decode(Int.self))
    assert(newer == newest.reversed())
  }

  /// An outbox: a message and its place in the queue are stored as one, and leave together once it was delivered.
  static func outbox(_ outbox: Job) async throws {
    let message = Key(OrderedText("2026-11-21T09:00:00Z"), UUID())
    try await outbox.apply([
      .put(category: "queue", key: message, payload: []), .put(category: "body", key: message, payload: [1]),
    ])
    for try await entry in outbox.rows(category: "queue") {
      guard let body = try await outbox.get(category: "body", key: entry.key) else { continue }
      print("deliver", body)  // A crash here delivers it again; nothing is lost.
      try await outbox.apply([.delete(category: "queue", key: entry.key), .delete(category: "body", key: entry.key)])
    }
  }

  struct Settings: Codable {
    var theme = "light"
    var muted: [String] = []
  }

  /// Settings of each user, any `Codable` value, by name in JSON.
  static func settings(_ job: Job) async throws {
    var mine = try await job.get(Settings.self, category: "settings", key: Key("ada"), codec: .json) ?? Settings()
    mine.muted.append("general")
    try await job.putEncoded(category: "settings", key: Key("ada"), mine, codec: .json)
    print("settings", mine.theme, mine.muted)
  }

  /// A counter that loses no update, whoever counts beside us.
  static func counter(_ job: Job) async throws {
    let count = try await job.update(category: "count", key: Key("online")) { old in
      try Payload.encode(try old.map { try Payload.decode($0, as: Int.self) + 1 } ?? 1)
    }
    print("online", try Payload.decode(count ?? [], as: Int.self))
  }
}
