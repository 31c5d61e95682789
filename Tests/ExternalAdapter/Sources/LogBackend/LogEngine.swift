public import PersistencyCore

extension Engine {
  /// One append-only file a job, and its rows in memory.
  public static var log: Engine {
    Engine(
      name: "log", fileSuffix: ".rowlog", capabilities: Capabilities(durability: [.full, .consistent]), version: "1"
    ) {
      path, store throws(PersistencyError) in
      try LogBackend(path: path, store: store)
    }
  }
}
