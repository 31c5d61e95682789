import ArgumentParser
import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyPostgres
import PersistencyRocksDB
import PersistencySQLite

extension Engine {
  /// The engines that the tool knows by itself; the first is the default for a new job.
  static let every: [Engine] = [.sqlite, .lmdb, .rocks, .memory]
  /// The names of those that a job can be on after the tool has ended.
  static let storedNames = every.filter(\.capabilities.persistent).map(\.name) + [postgresName]
  static let postgresName = "postgres"

  /// What its stores declare, told without opening one.
  var limits: BackendLimits { name == Self.postgresName ? PostgresBackend.limits : .embedded }
}

/// Which engines there are: those with files, and PostgreSQL when it is said where.
struct EngineArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where PostgreSQL is, as libpq takes it; else $PERSISTENCY_POSTGRES, which other users of the machine do not see.",
      valueName: "string"))
  var connection: String?

  /// - Parameter isolatesRoots: Jobs of different roots are apart, where they need not be found again.
  func engines(isolatesRoots: Bool = false) throws -> [Engine] {
    let environment = ProcessInfo.processInfo.environment["PERSISTENCY_POSTGRES"]
    guard let connection = connection ?? environment, !connection.isEmpty else { return Engine.every }
    return Engine.every + [
      try .postgres(connection: connection, options: .init(isolatesRoots: isolatesRoots, warnsWithoutStandby: false))
    ]
  }

  func named(_ name: String, isolatesRoots: Bool = false) throws -> Engine {
    let engines = try engines(isolatesRoots: isolatesRoots)
    if let engine = engines.first(where: { $0.name == name }) { return engine }
    if name == Engine.postgresName {
      throw PersistencyError(
        .invalidArgument, "engine postgres needs a server: say which with --connection, or in $PERSISTENCY_POSTGRES")
    }
    throw PersistencyError(
      .invalidArgument, "no engine is called “\(name)”; there are \(engines.map(\.name).joined(separator: ", "))")
  }

  /// One that a job can be on after the tool has ended.
  func storedNamed(_ name: String) throws -> Engine {
    let engine = try named(name)
    if engine.capabilities.persistent { return engine }
    throw PersistencyError(
      .invalidArgument,
      "engine \(name) keeps nothing after this command; choose \(Engine.storedNames.joined(separator: ", "))")
  }
}

/// Which root, and how to print.
struct RootArguments: ParsableArguments {
  @Option(help: "The root directory; else $PERSISTENCY_ROOT, else ./persistency.", completion: .directory)
  var root: String?

  @OptionGroup var engines: EngineArguments

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
    let jobs = try Persistency(rootDirectory: path, engines: try engines.engines())
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
  static let engine = CompletionKind.list(Engine.storedNames)
}
