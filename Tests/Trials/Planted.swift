import Foundation
import PersistencySQLite

extension Trials {
  /// Engines that break a promise on purpose: the trials must notice, or they prove nothing.
  static let planted: [Engine] = [
    planted("forgetful") { store, _ in LazyBackend(store) },
    planted("tearing") { store, _ in TearingBackend(store) },
    planted("unsynced", at: .consistent) { store, _ in store },
    planted("leaking-descriptors") { store, _ in
      _ = open("/dev/null", O_RDONLY | O_CLOEXEC)
      return store
    },
    planted("leaking-memory") { store, _ in
      UnsafeMutablePointer<UInt8>.allocate(capacity: 5_000).initialize(repeating: 1, count: 5_000)
      return store
    },
    planted("leaking-mappings") { store, path in
      let file = open(path, O_RDONLY | O_CLOEXEC)
      _ = mmap(nil, 1, PROT_READ, MAP_SHARED, file, 0)
      close(file)
      return store
    },
    planted("leaking-threads") { store, _ in
      Thread.detachNewThread { while true { sleep(1_000) } }
      return store
    },
  ]

  /// An engine made of SQLite's.
  ///
  /// - Parameter level: What the store is opened at, whatever was asked for.
  private static func planted(
    _ name: String, at level: Durability? = nil,
    _ wrap: @escaping @Sendable (any KvBackend, _ path: String) -> any KvBackend
  ) -> Engine {
    Engine(name: name, fileSuffix: "." + name, capabilities: Capabilities()) { path, options throws(PersistencyError) in
      var options = options
      options.durability = level ?? options.durability
      return wrap(try Engine.sqlite.open(path, options), path)
    }
  }
}
