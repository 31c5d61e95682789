import CYardsticks
import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyPostgres
import PersistencyRocksDB
import PersistencySQLite

/// The engines under test, each set up alike for every layer.
enum EngineChoice: String, Named, Sendable {
  case sqlite, lmdb, rocks, memory, postgres

  /// PostgreSQL only where it is asked for by name: it needs a server.
  static let all: [EngineChoice] = allCases.filter { $0 != .postgres }

  /// Where that is: the environment says so, to the yardstick in C as well.
  private static var connection: String { ProcessInfo.processInfo.environment["PERSISTENCY_POSTGRES"] ?? "" }

  /// Its yardstick in C; memory has none.
  var yardstick: yard_engine? {
    switch self {
    case .sqlite: YARD_SQLITE
    case .lmdb: YARD_LMDB
    case .rocks: YARD_ROCKS
    case .postgres: YARD_POSTGRES
    case .memory: nil
    }
  }

  func layers(of settings: Settings) -> [Layer] {
    settings.layers.filter { layer in
      switch layer {
      case .raw: yardstick != nil
      case .backend, .job: true
      case .grdb, .sortedDictionary: Peer.all.contains { $0.layer == layer && $0.engine == self }
      }
    }
  }

  func engine(_ settings: Settings) throws -> Engine {
    let cache = settings.cache
    switch self {
    case .sqlite:
      return .sqlite(SQLiteOptions(writerCacheBytes: cache.cacheBytes, readerCacheBytes: cache.cacheBytes))
    case .lmdb: return .lmdb
    case .rocks:
      // Backend and job share the process's one cache; the yardstick has its own.
      let stores = max(1, settings.layers.count { $0 == .backend || $0 == .job })
      return .rocks(RocksOptions(writeBufferBytes: cache.memtableBytes, sharedCacheBytes: cache.cacheBytes * stores))
    case .memory: return .memory
    case .postgres:
      return try .postgres(
        connection: Self.connection, options: PostgresOptions(isolatesRoots: true, warnsWithoutStandby: false))
    }
  }

  /// The run's durability, or the engine's only one.
  func durability(_ settings: Settings) -> Durability { durability(settings.durability, settings) }

  /// The one that is wanted, or the engine's only one.
  func durability(_ wanted: Durability, _ settings: Settings) -> Durability {
    // Which levels there are shows without a server.
    guard let offered = try? engine(settings).capabilities.durability else { return wanted }
    return offered.contains(wanted) ? wanted : offered.first ?? wanted
  }
}
