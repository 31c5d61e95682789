import CYardsticks
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite

/// The engines under test, each set up alike for every layer.
enum EngineChoice: String, Named, Sendable {
  case sqlite, lmdb, rocks, memory

  /// Its yardstick in C; memory has none.
  var yardstick: yard_engine? {
    switch self {
    case .sqlite: YARD_SQLITE
    case .lmdb: YARD_LMDB
    case .rocks: YARD_ROCKS
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

  func engine(_ settings: Settings) -> Engine {
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
    }
  }

  /// The run's durability, or the engine's only one.
  func durability(_ settings: Settings) -> Durability { durability(settings.durability, settings) }

  /// The one that is wanted, or the engine's only one.
  func durability(_ wanted: Durability, _ settings: Settings) -> Durability {
    let offered = engine(settings).capabilities.durability
    return offered.contains(wanted) ? wanted : offered.first ?? wanted
  }
}
