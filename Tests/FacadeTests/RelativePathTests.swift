import Foundation
import PersistencyCore
import TestSupport
import Testing

@Suite("Relative paths")
struct RelativePathTests {
  @Test(
    "a root and a store named from the working directory stay where they are when that changes",
    arguments: Engine.stored.map(\.name))
  func workingDirectory(_ name: String) async throws {
    // In a process of its own, because all of a process has one working directory.
    await #expect(processExitsWith: .success) { [name = name as String] in
      let engine = try Engine.named(name)
      try await withRoot { folder in
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try #require(chdir(folder) == 0)
        let jobs = try Persistency(rootDirectory: "jobs", engines: [engine])
        let job = try await jobs.openJob("a")
        try await job.put(category: "c", key: Key(1), payload: [1])
        let bare = "bare" + engine.fileSuffix
        let store = try engine.open(bare)
        try store.applyOps([.put(category: "c", key: Key(1), payload: [1])])
        try #require(chdir("/") == 0)
        try await job.put(category: "c", key: Key(2), payload: [2], durability: .full)
        try await jobs.closeJob("a")
        #expect(try await jobs.openJob("a").count(category: "c") == 2)
        #expect(try jobs.storedJobs().map(\.id) == ["a"])
        try await jobs.close()
        try store.applyOps([.put(category: "c", key: Key(2), payload: [2])])
        store.close()
        let again = try engine.open(folder + "/" + bare, StoreOptions(mustExist: true))
        #expect(try again.countRange(category: "c", range: .all) == 2)
        again.close()
        #expect(!FileManager.default.fileExists(atPath: "/jobs") && !FileManager.default.fileExists(atPath: "/" + bare))
      }
    }
  }
}
