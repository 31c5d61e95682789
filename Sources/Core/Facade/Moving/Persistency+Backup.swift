extension Persistency {
  /// Writes a consistent copy of a job while it is written, by the engine's own means, into another root directory.
  ///
  /// The copy is a job there: a `Persistency` with that root, or the tool, opens it. It is durable when this returns, and nothing of it
  /// is left when this throws. Killed, it is no job, and the next backup makes it anew.
  ///
  /// The job may be open here, or in another process where its engine can be read beside a writer.
  ///
  /// - Parameters:
  ///   - id: The job's, here and there.
  ///   - directory: A root directory, which is made where there is none.
  /// - Returns: What the copy takes on disk, in allocated bytes.
  /// - Throws: `.jobNotFound` when the job is neither open nor stored; `.conflict` when that root has such a job; `.invalidArgument` for what cannot
  ///   be a root; `.unsupported` when the engine makes no backups; `.closed` when the job is closed meanwhile; what the engine throws.
  @discardableResult
  public func backupJob(_ id: String, to directory: String) async throws(PersistencyError) -> Int {
    let id = try JobID(id)
    try Self.check(root: directory)
    let files = StoredFiles(root: FileSystem.absolute(directory), id: id, engines: engines)
    return try await withJob(id) { job throws(PersistencyError) in
      let (engine, store) = (job.engine, try job.maintenance(.backup))
      return try await moving(nil) { control throws(PersistencyError) in
        try control.check()
        let draft = try JobDraft.begin(files, on: engine)
        do throws(PersistencyError) {
          try store.backup(to: files.storePath(engine))
          // That it opens shows now rather than in need.
          try engine.open(files.storePath(engine), StoreOptions(durability: engine.fillDurability, mustExist: true))
            .close()
          try draft.complete()
          return try files.sizeOnDisk(engine.fileSuffix)
        } catch {
          draft.abandon()
          throw error
        }
      }
    }
  }
}

extension Job {
  /// The store, as one that offers a call of maintenance.
  ///
  /// - Throws: `.unsupported` when it does not.
  func maintenance(_ call: Capabilities.Maintenance) throws(PersistencyError) -> any KvMaintenance {
    guard engine.capabilities.maintenance.contains(call), let store = backend as? any KvMaintenance else {
      throw PersistencyError(
        .unsupported, "engine \(engine.name), which job “\(id)” is on, does not offer \(call.rawValue)")
    }
    return store
  }
}
