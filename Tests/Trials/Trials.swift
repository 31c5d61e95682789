import ArgumentParser
import Foundation
import PersistencyConformance
import PersistencyLMDB
import PersistencyMemory
import PersistencyPostgres
import PersistencyRocksDB
import PersistencySQLite

/// The full form of the tiers that kill, cut and leak.
struct Trials: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "persistency-trials",
    abstract:
      "Kill, cut the power, open and close by the thousand, play random histories: what is promised must hold. Status 1 when it does not.",
    subcommands: [Crash.self, Power.self, Leaks.self, Model.self, Failover.self, FailoverChild.self, ServerCrash.self])

  /// The word that makes buffers, maps and caches small, so that what seldom happens happens often.
  static let tight = "tight"

  /// PostgreSQL is among them where the environment says where one is; the program that is killed inherits it.
  static func engines(tight: Bool) -> [Engine] {
    guard let connection = ProcessInfo.processInfo.environment["PERSISTENCY_POSTGRES"],
      let postgres = try? Engine.postgres(
        connection: connection, options: .init(isolatesRoots: true, warnsWithoutStandby: false))
    else { return embedded(tight: tight) }
    return embedded(tight: tight) + [postgres]
  }

  private static func embedded(tight: Bool) -> [Engine] {
    tight
      ? [
        .sqlite, .lmdb(LMDBOptions(initialMapBytes: 256 << 10)), .memory,
        .rocks(RocksOptions(writeBufferBytes: 64 << 10, sharedCacheBytes: 64 << 10)),
      ] : [.sqlite, .lmdb, .rocks, .memory]
  }

  /// The engines that keep something, each with this program as the one to kill.
  static func stored(_ name: String?, tight: Bool) throws -> [BackendFixture] {
    let engines = engines(tight: tight).filter { $0.capabilities.persistent && (name == nil || $0.name == name) }
    guard !engines.isEmpty else { throw ValidationError("no stored engine is called “\(name ?? "")”") }
    return engines.map { BackendFixture(engine: $0, writer: program(tight: tight)) }
  }

  static func program(tight: Bool) -> ChildProgram {
    ChildProgram(Bundle.main.executablePath ?? CommandLine.arguments[0], arguments: tight ? [Self.tight] : [])
  }
}

struct TrialArguments: ParsableArguments {
  @Option(help: "One engine only.")
  var engine: String?
  @Option(help: "One level only: full, consistent, volatile.")
  var level: String?
  @Option(help: "Draws everything; by default the time decides.")
  var seed: UInt64 = UInt64(Date().timeIntervalSince1970)
  @Option(help: "How many trials run at once.")
  var parallel = max(1, ProcessInfo.processInfo.activeProcessorCount)

  func levels() throws -> [Durability] {
    guard let level else { return Durability.allCases }
    guard let durability = Durability(rawValue: level) else { throw ValidationError("no level is called “\(level)”") }
    return [durability]
  }
}
