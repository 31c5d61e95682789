extension Persistency {
  /// Moves a job to another engine: copies its rows, proves by digest and count that they arrived, and makes the new store
  /// the job's in one step.
  ///
  /// The job must not be open; its lock is held throughout. Until that one step, which is the renaming of its manifest, the job is on its old
  /// engine, whatever happens; after it, on the new one. The old store is kept until ``discardSuperseded(_:)``. Cut short by a kill or a
  /// cancelled task, it is gone on with by the next call, as ``copyJob(_:as:to:progress:)`` is; after any other failure nothing is left of the new store.
  ///
  /// - Returns: What the job holds.
  /// - Throws: `.jobNotFound` when the job is not stored; `.locked` when it is open, here or in another process; `.invalidArgument` when it is
  ///   on that engine already, or the engine keeps no files or is not among ``engines``; `.conflict` when the store of an earlier migration is still kept, or something
  ///   else stands in the new store's place; `.cancelled`; what the engines throw.
  @discardableResult
  public func migrateJob(
    _ id: String, to engine: Engine, progress: MoveProgress.Handler? = nil
  ) async throws(PersistencyError) -> ContentDigest {
    let id = try JobID(id)
    try checkKnown(engine)
    guard engine.capabilities.persistent else {
      throw PersistencyError(.invalidArgument, "engine \(engine.name) keeps nothing; job “\(id)” would be gone")
    }
    return try await turns.inTurn(id) { () async throws(PersistencyError) in
      try checkNotOpen(id)
      let files = files(id)
      if try await mustBeMended(files) {
        // An ordinary opening adopts, recovers, or says what is wrong.
        let job = try await open(id, JobOptions(createIfMissing: false))
        if let failure = await job.shutDown() { throw failure }
      }
      return try await moving(progress) { control throws(PersistencyError) in
        if let remote = try RemoteMigration(files, to: engine, control) { return try remote.run() }
        return try Migration(files: files, target: engine, control: control).run()
      }
    }
  }

  /// Removes the store that a migration took the place of, and what one that was cut short left behind.
  ///
  /// The job itself is left alone; it may be open here.
  ///
  /// - Returns: The bytes given back; 0 when there was nothing to discard.
  /// - Throws: `.jobNotFound` when it is not stored; `.locked` when another process has it open.
  @discardableResult
  public func discardSuperseded(_ id: String) async throws(PersistencyError) -> Int {
    let id = try JobID(id)
    return try await turns.inTurn(id) { () async throws(PersistencyError) in
      let isOpen = try openedJob(id) != nil
      let files = files(id)
      return try await WorkerPool.writers.run { () throws(PersistencyError) in
        _ = try files.readyManifest()
        // An open job holds the lock for us.
        let lock = isOpen ? nil : try JobLock(files.lockPath)
        defer { lock?.release() }
        return try files.discardOthers(try files.readyManifest())
      }
    }
  }

  func checkNotOpen(_ id: JobID) throws(PersistencyError) {
    if try openedJob(id) != nil {
      throw PersistencyError(.locked, "job “\(id)” is open in this process; close it first (closeJob)")
    }
  }

  /// Whether the job has no manifest yet, or was not closed cleanly.
  private func mustBeMended(_ files: StoredFiles) async throws(PersistencyError) -> Bool {
    try await WorkerPool.readers.run { () throws(PersistencyError) in
      let manifest = try files.settledManifest()
      if manifest == nil, try files.foundRemotely() != nil { return false }
      return manifest?.state != .ready || manifest?.clean == nil || manifest?.isCompacted == true
    }
  }
}

extension StoredFiles {
  /// The manifest of the job, which must be stored.
  func readyManifest() throws(PersistencyError) -> JobManifest {
    guard let manifest = try manifest(), manifest.state == .ready else {
      throw PersistencyError(.jobNotFound, "no job “\(id)” is stored in \(root)")
    }
    return manifest
  }

  /// Removes the stores beside the job's own, then their record: cut short, it is done again.
  ///
  /// - Returns: The bytes they took.
  func discardOthers(_ manifest: JobManifest) throws(PersistencyError) -> Int {
    var bytes = 0
    for other in [manifest.migration, manifest.superseded] {
      guard let other else { continue }
      try removeRemote(other)
      let suffix = try knownSuffix(of: other.engine)
      bytes += try sizeOnDisk(suffix)
      try removeStore(suffix)
    }
    guard manifest.hasOtherStores else { return 0 }
    try FileSystem.syncFolder(of: manifestPath)
    if try remote(named: manifest.engine) != nil {
      // A job on another machine needs no file here.
      try FileSystem.remove(manifestPath)
      try FileSystem.syncFolder(of: manifestPath)
      return bytes
    }
    var manifest = manifest
    (manifest.migration, manifest.superseded) = (nil, nil)
    try manifest.write(to: manifestPath)
    return bytes
  }
}
