import ArgumentParser
import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite

extension Engine {
  /// Every engine the tool knows; the first is the default for a new job.
  static let every: [Engine] = [.sqlite, .lmdb, .rocks, .memory]
  /// Those that a job can be on after the tool has ended.
  static let stored = every.filter(\.capabilities.persistent)

  static func named(_ name: String) throws -> Engine {
    guard let engine = every.first(where: { $0.name == name }) else {
      throw PersistencyError(
        .invalidArgument, "no engine is called “\(name)”; there are \(every.map(\.name).joined(separator: ", "))")
    }
    return engine
  }

  static func storedNamed(_ name: String) throws -> Engine {
    let engine = try named(name)
    if engine.capabilities.persistent { return engine }
    throw PersistencyError(
      .invalidArgument,
      "engine \(name) keeps nothing after this command; choose \(stored.map(\.name).joined(separator: ", "))")
  }
}

/// Which root, and how to print.
struct RootArguments: ParsableArguments {
  @Option(help: "The root directory; else $PERSISTENCY_ROOT, else ./persistency.", completion: .directory)
  var root: String?

  @Flag(help: "Print JSON, one object a line.")
  var json = false

  var path: String { root ?? ProcessInfo.processInfo.environment["PERSISTENCY_ROOT"] ?? "./persistency" }

  /// Opens a job, lets `body` use it, and closes everything in any case.
  func withJob<R>(
    _ id: String, engine: Engine? = nil, access: StoreAccess, create: Bool = false, _ body: (Job) async throws -> R
  ) async throws -> R {
    try await withJobs { jobs in
      try await body(
        try await jobs.openJob(
          id, engine: engine, options: JobOptions(access: access, createIfMissing: create)))
    }
  }

  func withJobs<R>(_ body: (Persistency) async throws -> R) async throws -> R {
    let jobs = try Persistency(rootDirectory: path, engines: Engine.every)
    let result: R
    do {
      result = try await body(jobs)
    } catch {
      try? await jobs.close()
      throw error
    }
    try await jobs.close()
    return result
  }
}

extension CompletionKind {
  /// The jobs of the root that the environment names, or the usual one.
  static let job = CompletionKind.custom { _, _, _ in
    let path = ProcessInfo.processInfo.environment["PERSISTENCY_ROOT"] ?? "./persistency"
    let jobs = try? Persistency(rootDirectory: path, engines: Engine.every).storedJobs()
    return jobs?.map(\.id) ?? []
  }
  static let engine = CompletionKind.list(Engine.stored.map(\.name))
}
