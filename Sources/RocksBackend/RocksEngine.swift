extension Engine {
  /// RocksDB: a log-structured store in a folder of its own; fast random writes, compressed.
  public static var rocks: Engine { rocks(RocksOptions()) }

  /// RocksDB with options of your own.
  public static func rocks(_ options: RocksOptions) -> Engine {
    Engine(
      name: "rocks", fileSuffix: ".rocks",
      capabilities: Capabilities(
        readOnlyBesideWriter: true, rawCategories: true, maintenance: Set(Capabilities.Maintenance.allCases)),
      version: RocksLibrary.version, isExpendable: RocksFolder.isExpendable
    ) { path, store throws(PersistencyError) in
      try RocksBackend(path: path, store: store, options: options)
    }
  }
}
