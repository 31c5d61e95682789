import CPersistencySQLite
public import PersistencyCore

extension Engine {
  /// SQLite: one file a job, in a format that everybody reads; the reference engine.
  public static var sqlite: Engine { sqlite(SQLiteOptions()) }

  /// SQLite with options of its own.
  public static func sqlite(_ options: SQLiteOptions) -> Engine {
    Engine(
      name: "sqlite", fileSuffix: ".db",
      capabilities: Capabilities(
        persistent: true, readOnlyBesideWriter: true, openFormat: true, rawCategories: true,
        maintenance: Set(Capabilities.Maintenance.allCases)),
      version: String(cString: sqlite3_libversion())
    ) { path, store throws(PersistencyError) in
      try SQLiteBackend(path: path, store: store, options: options)
    }
  }
}
