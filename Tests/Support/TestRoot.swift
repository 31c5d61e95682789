import Foundation
package import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import Testing

extension Engine {
  package static let every: [Engine] = [.sqlite, .lmdb, .rocks, .memory]
  package static let stored: [Engine] = [.sqlite, .lmdb, .rocks]
}

/// A fresh root directory for one test, removed afterwards.
@discardableResult
package func withRoot<R>(_ body: (String) async throws -> R) async throws -> R {
  let root = FileManager.default.temporaryDirectory.path + "/persistency-test-" + UUID().uuidString
  defer { try? FileManager.default.removeItem(atPath: root) }
  return try await body(root)
}

/// One open job on `engine` in a fresh root; everything is closed afterwards.
package func withJob<R>(
  on engine: Engine, _ options: JobOptions = .init(), _ body: (Job) async throws -> R
) async throws -> R {
  try await withRoot { root in
    let jobs = try Persistency(rootDirectory: root, engines: [engine])
    let result: R
    do {
      result = try await body(try await jobs.openJob("test", options: options))
    } catch {
      try? await jobs.close()
      throw error
    }
    try await jobs.close()
    return result
  }
}

/// The kind of the error that `body` throws; nil when it succeeds.
package func kind(_ body: () async throws -> Void) async -> PersistencyError.Kind? {
  do {
    try await body()
    return nil
  } catch let error as PersistencyError {
    return error.kind
  } catch {
    Issue.record("an error of another type: \(error)")
    return nil
  }
}
