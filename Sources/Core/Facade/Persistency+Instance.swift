// One instance for the whole process, for programs that do not hand theirs around.

extension Persistency {
  private static let shared = Locked<Persistency?>(nil)

  /// The process-wide instance, made at the first call.
  ///
  /// The same root and engines give the same object. After it was closed, by ``reset()`` or ``close()``, the next call makes another.
  ///
  /// - Throws: `.invalidArgument` for another root or other engines than those of the living instance: ``reset()`` first; and what
  ///   ``init(rootDirectory:engines:)`` throws.
  public static func instance(rootDirectory: String, engines: [Engine]) throws(PersistencyError) -> Persistency {
    try shared.withLock { shared throws(PersistencyError) in
      if let living = shared, !living.isClosed {
        guard living.rootDirectory.utf8.elementsEqual(rootDirectory.utf8),
          living.engines.map(\.name) == engines.map(\.name)
        else {
          throw PersistencyError(
            .invalidArgument,
            "the process-wide instance is on \(living.rootDirectory) with other settings; call Persistency.reset() first"
          )
        }
        return living
      }
      let made = try Persistency(rootDirectory: rootDirectory, engines: engines)
      shared = made
      return made
    }
  }

  /// The process-wide instance that ``instance(rootDirectory:engines:)`` made.
  ///
  /// - Throws: `.closed` when there is none.
  public static func instance() throws(PersistencyError) -> Persistency {
    guard let living = shared.withLock({ $0 }), !living.isClosed else {
      throw PersistencyError(
        .closed, "there is no process-wide instance; make it with Persistency.instance(rootDirectory:engines:)")
    }
    return living
  }

  /// Closes the process-wide instance, as ``close()`` does, and forgets it; does nothing when there is none.
  ///
  /// - Throws: The first failure of a queued write that no flush has thrown; everything is closed all the same.
  public static func reset() async throws(PersistencyError) {
    let living = shared.withLock { shared in
      defer { shared = nil }
      return shared
    }
    try await living?.close()
  }
}
