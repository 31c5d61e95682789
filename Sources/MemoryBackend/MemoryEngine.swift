extension Engine {
  /// Sorted rows in this process's memory: no file, and empty at each open.
  public static var memory: Engine { .memory(MemoryOptions()) }

  /// ``memory``, with options.
  public static func memory(_ options: MemoryOptions) -> Engine {
    Engine(
      name: "memory", fileSuffix: "",
      capabilities: Capabilities(persistent: false, rawCategories: true, maintenance: [.sizeOnDisk, .check]),
      version: Persistency.version
    ) { path, store throws(PersistencyError) in
      try MemoryBackend(path: path, store: store, options: options)
    }
  }
}
