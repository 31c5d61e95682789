import PersistencyConformance
import PersistencyFaults
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite

extension BackendFixture {
  /// Our four engines, as they open by default.
  ///
  /// Without a program to kill: `make crash` and `make power` have one, optimised and by themselves.
  static let every = [Engine.memory, .sqlite, .lmdb, .rocks].map { BackendFixture(engine: $0, faults: .system) }
}
