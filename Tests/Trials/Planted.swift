import PersistencySQLite

extension Trials {
  /// Engines that break a promise on purpose: the trials must notice, or they prove nothing.
  static let planted: [Engine] = [
    planted("forgetful") { store, _ in LazyBackend(store) },
    planted("tearing") { store, _ in TearingBackend(store) },
    planted("unsynced", at: .consistent) { store, _ in store },
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
