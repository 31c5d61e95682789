import PersistencyConformance
import PersistencyFaults
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite

extension BackendFixture {
  /// Our four engines, as they open by default.
  static let every = [Engine.memory, .sqlite, .lmdb, .rocks].map {
    BackendFixture(
      engine: $0, faults: .system, writer: .besideThisProgram("persistency-trials", cycles: 1))
  }
}
