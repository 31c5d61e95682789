import Foundation
import PersistencyPostgres
import PersistencySQLite
import TestSupport
import Testing

@Suite(
  "Jobs move between SQLite and PostgreSQL", .enabled(if: ThrowawayServer.isPossible, "PostgreSQL is not installed"))
struct PostgresMoveTests {
  private static let secret = "hunter2secret"

  /// A root with the store of 1,001 rows that the Nim original wrote, as job `alpha`, and a server beside it.
  private func withAlpha(_ body: (Persistency, Engine, String) async throws -> Void) async throws {
    let server = try #require(ThrowawayServer.shared)
    let engine = try server.engine(connection: server.connection + " password=\(Self.secret)")
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("CLITests/Fixtures/nim-alpha.db").path
      try FileManager.default.copyItem(atPath: fixture, toPath: root + "/alpha.db")
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, engine])
      do {
        try await body(jobs, engine, root)
      } catch {
        try? await jobs.close()
        throw error
      }
      try await jobs.close()
      for file in try FileManager.default.contentsOfDirectory(atPath: root) where file.hasSuffix(".job") {
        let manifest = try String(contentsOfFile: root + "/" + file, encoding: .utf8)
        #expect(!manifest.contains(Self.secret) && !manifest.contains("host"), "\(manifest)")
      }
    }
  }

  @Test("regression: who clears away a half-made job leaves the one that somebody else completed meanwhile")
  func completedMeanwhile() async throws {
    try await withAlpha { jobs, engine, root in
      let digest = try await jobs.copyJob("alpha", as: "there", to: engine)
      // As on another machine, which saw it half made.
      let resolved = try #require(realpath(root, nil).map { String(cString: $0) })
      let stores = try #require(engine.remote?(resolved))
      #expect(try stores.find("there")?.state == .ready)
      #expect(await kind { try stores.remove("there", in: [.filling, .dropping]) } == .conflict)
      #expect(try await jobs.digestJob("there") == digest)
      try await jobs.dropJob("there")
      #expect(try stores.find("there") == nil)
    }
  }

  @Test("a store of the original is copied there and back, and its digest is the same")
  func copies() async throws {
    try await withAlpha { jobs, engine, _ in
      let digest = try await jobs.digestJob("alpha")
      #expect(digest.rows == 1_001)
      #expect(try await jobs.copyJob("alpha", as: "there", to: engine) == digest)
      #expect(try await jobs.copyJob("there", as: "back", to: .sqlite) == digest)
      #expect(try await jobs.digestJob("there") == digest)
      #expect(try await jobs.digestJob("back") == digest)
      #expect(await kind { try await jobs.copyJob("alpha", as: "there", to: engine) } == .conflict)
      #expect(await kind { try await jobs.copyJob("alpha", as: "there", to: .sqlite) } == .conflict)
    }
  }

  @Test("a store of the original migrates there and back, and its digest is the same")
  func migrates() async throws {
    try await withAlpha { jobs, engine, root in
      let digest = try await jobs.digestJob("alpha")
      #expect(try await jobs.migrateJob("alpha", to: engine) == digest)
      #expect(try await jobs.openJob("alpha").engine.name == "postgres")
      #expect(try await jobs.digestJob("alpha") == digest)
      try await jobs.closeJob("alpha")
      #expect(try jobs.storedJobs().map(\.engine) == ["postgres"])
      #expect(await kind { try await jobs.migrateJob("alpha", to: .sqlite) } == .conflict)
      try await jobs.discardSuperseded("alpha")
      #expect(!FileManager.default.fileExists(atPath: root + "/alpha.db"))
      #expect(!FileManager.default.fileExists(atPath: root + "/alpha.job"))
      #expect(try await jobs.digestJob("alpha") == digest)
      #expect(try await jobs.migrateJob("alpha", to: .sqlite) == digest)
      #expect(try await jobs.openJob("alpha").engine.name == "sqlite")
      #expect(try await jobs.digestJob("alpha") == digest)
      try await jobs.closeJob("alpha")
      // What is kept there is no job to anybody else.
      try await withRoot { other in
        let elsewhere = try Persistency(rootDirectory: other, engines: [engine])
        #expect(try elsewhere.storedJobs().isEmpty)
        try await elsewhere.close()
      }
      try await jobs.discardSuperseded("alpha")
      #expect(try await jobs.digestJob("alpha") == digest)
    }
  }

  @Test("a migration that was cut short right after its one step has been made, whichever way it went")
  func cutShort() async throws {
    try await withAlpha { jobs, engine, root in
      let digest = try await jobs.migrateJob("alpha", to: engine)
      let after = try String(contentsOfFile: root + "/alpha.job", encoding: .utf8)
      // As it was before the manifest followed: on SQLite, with a migration under way.
      var manifest = try #require(
        try JSONSerialization.jsonObject(with: Data(after.utf8)) as? [String: Any])
      let superseded = try #require(manifest["superseded"] as? [String: Any])
      manifest["migration"] = ["engine": manifest["engine"], "store": manifest["store"]]
      (manifest["engine"], manifest["store"]) = (superseded["engine"], superseded["store"])
      manifest["superseded"] = nil
      try JSONSerialization.data(withJSONObject: manifest).write(to: URL(fileURLWithPath: root + "/alpha.job"))
      let job = try await jobs.openJob("alpha")
      #expect(job.engine.name == "postgres")
      #expect(try await jobs.digestJob("alpha") == digest)
    }
  }
}
