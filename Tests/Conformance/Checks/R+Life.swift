import Foundation
import PersistencyCore

extension ConformanceCheck {
  private static let unlessPersistent: @Sendable (BackendFixture) -> String? = {
    $0.capabilities.persistent ? nil : "not persistent: no file"
  }

  /// R: jobs opened, closed, dropped, found again.
  static let jobLives: [ConformanceCheck] = [
    ofJobs("job.two-are-apart", "Two jobs of one root share nothing", paragraph: "5") { check in
      try await check.withJobs { jobs in
        let (one, two) = (try await jobs.openJob("one"), try await jobs.openJob("two"))
        try await one.persist([.set("a", "1")])
        try await two.persist([.set("a", "2"), .set("b", "2")])
        try await one.persist([.clear()])
        try check.expectEqual(try await one.texts(), [], "the first")
        try check.expectEqual(try await two.texts(), ["a=2", "b=2"], "the second")
      }
    },
    ofJobs(
      "job.open-is-idempotent", "Opening an open job gives the same one; with other options it is refused",
      paragraph: "5"
    ) { check in
      try await check.withJobs { jobs in
        let job = try await jobs.openJob("job")
        try check.expect(try await jobs.openJob("job") === job, "the second open made another")
        try check.expect(try jobs.job("job") === job && jobs["job"] === job && jobs.hasJob("job"), "not found by id")
        try await check.expectFailure(.invalidArgument, "an open with other options") {
          _ = try await jobs.openJob("job", options: JobOptions(queueBytes: 7))
        }
        try await job.apply([.set("a", "1")])
        try check.expectEqual(try await job.texts(), ["a=1"], "the rows")
      }
    },
    ofJobs(
      "job.reopen-keeps-data", "A job reopens on its stored engine, with every row", paragraph: "5", tier: .persistent,
      unless: unlessPersistent
    ) { check in
      for round in 0..<3 {
        try await check.withJobs { jobs in
          let job = try await jobs.openJob("job")
          try check.expectEqual(job.engine.name, check.fixture.engine.name, "the engine")
          try check.expectEqual(try await job.count(category: "c"), round * 2, "the rows before")
          try await job.apply([.set("a\(round)", "1")])
          try await job.persist([.set("q\(round)", "1")])
        }
      }
    },
    ofJobs(
      "job.memory-is-empty-at-open", "A job that is not persistent writes no file and is empty at each open",
      paragraph: "5",
      unless: { $0.capabilities.persistent ? "persistent: it has files" : nil }
    ) { check in
      for _ in 0..<2 {
        try await check.withJobs { jobs in
          let job = try await jobs.openJob("job")
          try check.expectEqual(try await job.texts(), [], "the rows")
          try await job.apply([.set("a", "1")])
          try check.expectEqual(try check.names(in: check.directory), [], "the files")
        }
      }
    },
    ofJobs(
      "job.root-is-deferred", "The root is validated at once and made by the first open", paragraph: "5",
      unless: unlessPersistent
    ) { check in
      let root = check.directory + "/a/b"
      try await check.withJobs(in: root) { jobs in
        try check.expect(!check.exists(check.directory + "/a"), "made before a job was opened")
        _ = try await jobs.openJob("job")
        // A job on another machine needs no folder.
        if !check.fixture.capabilities.remote { try check.expect(check.exists(root), "not made by the first open") }
      }
      let file = check.directory + "/file"
      try Data([1]).write(to: URL(fileURLWithPath: file))
      for bad in ["", file, file + "/below"] {
        try check.expectError(.invalidArgument, "the root “\(bad)”") {
          _ = try Persistency(rootDirectory: bad, engines: [check.fixture.engine])
        }
      }
      try check.expectEqual(try Data(contentsOf: URL(fileURLWithPath: file)), Data([1]), "the file in the way")
    },
    ofJobs(
      "job.drop-removes-files", "dropJob removes a job's files; its id is free, and empty", paragraph: "5",
      unless: unlessPersistent
    ) { check in
      try await check.withJobs { jobs in
        let other = try await jobs.openJob("other")
        try await other.apply([.set("a", "1")])
        let job = try await jobs.openJob("job")
        try await job.persist([.set("a", "1")])
        try await jobs.dropJob("job")
        try await check.expectFailure(.closed, "a get of the dropped job") { _ = try await job.text("a") }
        let left = try check.names(in: check.directory).filter { $0.hasPrefix("job") && !$0.hasSuffix(".lock") }
        try check.expectEqual(left, [], "the files left")
        try check.expectEqual(try jobs.storedJobs().map(\.id), ["other"], "the stored jobs")
        try check.expectEqual(try await jobs.openJob("job").texts(), [], "the rows of the new one")
        try check.expectEqual(try await other.texts(), ["a=1"], "the rows of the other")
        try await check.expectFailure(.jobNotFound, "the drop of an unknown job") { try await jobs.dropJob("none") }
      }
    },
    ofJobs(
      "job.close-frees", "closeJob frees the id; a job let in again is another, and the old one stays closed",
      paragraph: "5"
    ) { check in
      try await check.withJobs { jobs in
        let old = try await jobs.openJob("job")
        try await old.apply([.set("a", "1")])
        try await jobs.closeJob("job")
        try await jobs.closeJob("job")
        try check.expect(!jobs.hasJob("job"), "still open")
        let new = try await jobs.openJob("job")
        try check.expect(new !== old, "the same job again")
        try await check.expectFailure(.closed, "the old one") { _ = try await old.text("a") }
        try check.expectEqual(try await new.text("a"), check.fixture.capabilities.persistent ? "1" : nil, "the row")
      }
    },
    ofJobs(
      "job.second-instance-is-locked", "A second instance on one root gets .locked for a job the first has open",
      paragraph: "5",
      unless: unlessPersistent
    ) { check in
      try await check.withJobs { first in
        let job = try await first.openJob("job")
        try await check.withJobs { second in
          let error = try await check.expectFailure(.locked, "the second") { _ = try await second.openJob("job") }
          try check.expect(error.isRetryable, "not retryable, though the holder may close")
          try await job.apply([.set("a", "1")])
          try await first.closeJob("job")
          try check.expectEqual(try await second.openJob("job").texts(), ["a=1"], "the rows after the first closed")
        }
      }
    },
    ofJobs(
      "job.wrong-engine-is-named", "Naming another engine than the stored one is refused, and both are told",
      paragraph: "5",
      tier: .persistent, unless: unlessPersistent
    ) { check in
      let mine = check.fixture.engine
      let other = Engine(name: "other", fileSuffix: ".other-engine", capabilities: mine.capabilities) {
        path, options throws(PersistencyError) in try mine.open(path, options)
      }
      try await check.withJobs { jobs in try await jobs.openJob("job").apply([.set("a", "1")]) }
      try await check.withJobs([other, mine]) { jobs in
        let error = try await check.expectFailure(.invalidArgument) { _ = try await jobs.openJob("job", engine: other) }
        try check.expect(error.message.contains(mine.name), "the message does not name \(mine.name): \(error)")
        try check.expectEqual(try await jobs.openJob("job").texts(), ["a=1"], "the rows, on the stored engine")
      }
      // Of a job on another machine nobody knows who does not have its engine.
      if mine.remote != nil { return }
      try await check.withJobs([other]) { jobs in
        let error = try await check.expectFailure(.invalidArgument) { _ = try await jobs.openJob("job") }
        try check.expect(
          error.message.contains(mine.name) && error.message.contains("other"),
          "the message does not name both: \(error)")
      }
    },
    ofJobs(
      "job.hostile-ids", "Hostile ids stay inside the root, apart from one another, and come back as they were",
      paragraph: "5",
      unless: unlessPersistent
    ) { check in
      let root = try check.makeDirectory("root")
      let ids = [
        ".", "..", "../x", "/", "/etc/x", "a/b", "a\\b", "a\0b", "a", "A", "%2E", "x.db", "x.job", "x.lock", " ", "a ",
        "a.",
        "CON", "new\nline", "\u{1B}[2J", "\u{202E}", "é", "e\u{301}", "🦜", String(repeating: "é", count: 100),
        String(repeating: "x", count: 200),
      ]
      try await check.withJobs(in: root) { jobs in
        for (number, id) in ids.enumerated() {
          let job = try await jobs.openJob(id)
          try await job.apply([.set("a", "\(number)")])
          try await jobs.closeJob(id)
        }
        for (number, id) in ids.enumerated() {
          try check.expectEqual(try await jobs.openJob(id).text("a"), "\(number)", "the row of “\(id)”")
        }
        let stored = Set(try jobs.storedJobs().map { Array($0.id.utf8) })
        try check.expectEqual(stored, Set(ids.map { Array($0.utf8) }), "the stored jobs")
        for bad in ["", String(repeating: "x", count: 201)] {
          try await check.expectFailure(.invalidArgument, "an id of \(bad.count)") { _ = try await jobs.openJob(bad) }
        }
      }
      try check.expectEqual(try check.names(in: check.directory), ["root"], "what lies beside the root")
      try check.expectEqual(
        try FileManager.default.subpathsOfDirectory(atPath: root).contains { $0.hasSuffix("/x") }, false,
        "an id as a path")
    },
    ofJobs(
      "job.leaks-nothing", "Two hundred jobs opened and closed leave descriptors and threads as they were",
      paragraph: "5", tier: .persistent,
      unless: { _ in CheckContext.listsDescriptors ? nil : "this system does not list descriptors" }
    ) { check in
      try await check.withJobs { jobs in
        func cycle(_ number: Int) async throws {
          let job = try await jobs.openJob("job \(number % 7)")
          try await job.persist([.set("a", "\(number)")])
          try check.expectEqual(try await job.text("a"), "\(number)", "the row")
          try await jobs.closeJob(job.id)
        }
        for number in 0..<5 { try await cycle(number) }
        let before = CheckHoldings(check)
        for number in 0..<200 { try await cycle(number) }
        try check.expectNoLeak(since: before)
      }
    },
  ]
}
