import PersistencyCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension CheckContext {
  /// Jobs in the check's directory, or in another; all are closed after `body`.
  ///
  /// - Parameter engines: nil is the fixture's.
  func withJobs<R>(
    _ engines: [Engine]? = nil, in directory: String? = nil, _ body: (Persistency) async throws -> R
  ) async throws -> R {
    let jobs = try Persistency(rootDirectory: directory ?? self.directory, engines: engines ?? [fixture.engine])
    let result: R
    do {
      result = try await body(jobs)
    } catch {
      try? await jobs.close()
      throw error
    }
    // A body that left failures unread has said so by itself.
    try? await jobs.close()
    return result
  }

  /// One open job.
  func withJob<R>(
    _ options: JobOptions = .init(), on engine: Engine? = nil, _ body: (Job) async throws -> R
  ) async throws -> R {
    try await withJobs(engine.map { [$0] }) { jobs in try await body(try await jobs.openJob("job", options: options)) }
  }

  /// The level at which the engine waits for no disk: for rules about order and number, not about durability.
  var quickest: JobOptions {
    let offered = fixture.capabilities.durability
    let level: Durability =
      offered.contains(.volatile) ? .volatile : offered.contains(.consistent) ? .consistent : .full
    return JobOptions(durability: level)
  }

  /// A job at a level that every fixture of the suite offers.
  func quickest(queueBytes: Int) -> JobOptions {
    var options = quickest
    options.queueBytes = queueBytes
    return options
  }

  /// As the blocking one, for a body that suspends.
  @discardableResult
  func expectFailure(
    _ kind: PersistencyError.Kind, _ what: @autoclosure () -> String = "the call", file: String = #fileID,
    line: Int = #line, _ body: () async throws -> Void
  ) async throws -> PersistencyError {
    var thrown: (any Error)?
    do {
      try await body()
    } catch {
      thrown = error
    }
    return try expectError(kind, what(), file: file, line: line) {
      if let thrown { throw thrown }
    }
  }

  /// Runs `body(0)` … `body(count - 1)` in tasks of their own and waits for all.
  func inTasks(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<count { group.addTask { try await body(index) } }
      try await group.waitForAll()
    }
  }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

extension Job {
  /// The rows of category `c` as plain text.
  func texts(_ category: String = "c") async throws -> [String] { try await scan(category: category).map(\.plain) }

  func text(_ key: String, in category: String = "c") async throws -> String? {
    try await get(category: category, key: Key(plain: key)).map { String(decoding: $0, as: UTF8.self) }
  }
}
