import Foundation
import Logging
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencySQLite
import Testing

/// What was logged, line by line: level, message, and the metadata in the order of their names.
private final class Collected: Sendable {
  static let lines = Locked<[String]>([])

  struct Handler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let values = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      let line = [event.level.rawValue, event.message.description] + values
      lines.withLock { $0.append(line.joined(separator: "|")) }
    }
  }

  static func install() { LoggingSystem.bootstrap { _ in Handler() } }

  /// The lines since the last call.
  static func take() -> [String] {
    lines.withLock { lines in
      defer { lines = [] }
      return lines
    }
  }
}

// A log is installed once in a process: each test has a process of its own.
@Suite("What the log is told")
struct LogTests {
  @Test("The life of a job: opened, adopted, made anew, discarded, closed, dropped")
  func life() async throws {
    try await withFastRoot { root in
      await #expect(processExitsWith: .success) { [root = root as String] in
        Collected.install()
        let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, .lmdb])
        _ = try await jobs.openJob("a", engine: .lmdb, options: .init(durability: .volatile))
        try await jobs.closeJob("a")
        #expect(
          Collected.take() == [
            "debug|a job was opened|access=readWrite|durability=volatile|engine=lmdb|job=a",
            "debug|a job was closed|engine=lmdb|job=a",
          ])

        // As a crash of the machine leaves it.
        try edit(root + "/a.job") { manifest in
          manifest["clean"] = nil
          manifest["boot"] = "another"
        }
        _ = try await jobs.openJob("a")
        #expect(
          Collected.take().first
            == "notice|a volatile store that was not closed before the machine stopped is discarded and made anew|engine=lmdb|job=a"
        )
        try await jobs.closeJob("a")
        try edit(root + "/a.job") { $0["state"] = "creating" }
        _ = Collected.take()
        _ = try await jobs.openJob("a", engine: .lmdb)
        #expect(
          Collected.take().first == "notice|a store that was half made or half dropped is made anew|engine=lmdb|job=a")
        try await jobs.dropJob("a")
        #expect(Collected.take() == ["debug|a job was closed|engine=lmdb|job=a", "debug|a job was dropped|job=a"])

        // Another program's file, under a name that ours would not have.
        _ = try await jobs.openJob("with space")
        try await jobs.closeJob("with space")
        try FileManager.default.moveItem(atPath: root + "/with%20space.db", toPath: root + "/with space.db")
        try FileManager.default.removeItem(atPath: root + "/with%20space.job")
        _ = Collected.take()
        _ = try await jobs.openJob("with space")
        #expect(
          Collected.take().first
            == "notice|a store of another program was adopted|engine=sqlite|job=with space|path=\(root)/with space.db")
        try await jobs.close()
      }
    }
  }

  @Test("Failures: of queued writes, once a commit; of a commit that nobody knows the end of, once; of writes by id")
  func failures() async throws {
    await #expect(processExitsWith: .success) {
      Collected.install()
      let broken = try GatedBackend()
      let jobs = try Persistency(rootDirectory: "/nowhere", engines: [broken.engine])
      let job = try await jobs.openJob("a")
      _ = Collected.take()
      broken.hold()
      try await job.persistPut(category: "c", key: Key(0), payload: [])
      try await broken.commitsBegun(1)
      for _ in 0..<3 { try await job.persist([.expect(category: "c", key: Key(1), payload: [1])]) }
      broken.letGo()
      _ = try? await job.flush()
      let refused = Collected.take()
      #expect(refused.count == 1)
      #expect(refused.first?.hasPrefix("error|queued writes failed|count=3|error=conflict: ") == true)
      #expect(refused.first?.hasSuffix("|job=a") == true)

      broken.fail(PersistencyError(.backend, "no end", backendCode: 5, outcome: .unknown))
      for _ in 0..<2 { _ = try? await job.put(category: "c", key: Key(2), payload: []) }
      let latched = Collected.take()
      #expect(latched.count == 1)
      #expect(latched.first?.hasPrefix("error|a commit has an unknown outcome; writes fail until") == true)

      let isQueued = try await jobs.persistPut("none", category: "c", key: Key(), payload: [])
      #expect(!isQueued)
      #expect(Collected.take() == ["warning|a write to a job that is not open was dropped|job=none"])
      try await jobs.close()
    }
  }
}

/// Changes a manifest as nobody should.
private func edit(_ path: String, _ change: (inout [String: Any]) -> Void) throws {
  let url = URL(fileURLWithPath: path)
  let found = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
  var manifest = try #require(found)
  change(&manifest)
  try JSONSerialization.data(withJSONObject: manifest).write(to: url)
}
