extension Persistency {
  /// Gives the space that a job no longer needs back to the file system.
  ///
  /// A job that is open here is reclaimed beside its writers, in the engine's own small steps. What only a compacting copy gives back (all of LMDB,
  /// and the free pages of a SQLite file) needs the job closed: then, where the store takes half as much again as its rows
  /// measure, a copy is made under the job's lock, proved by digest, and put in its place. Killed, the job has
  /// the one store or the other, whole.
  ///
  /// - Parameters:
  ///   - id: The job's.
  ///   - budget: About how long the engine's steps may take; a compacting copy, once begun, is finished.
  ///   - progress: Told how far the reading of a copy is.
  /// - Returns: Bytes given back; 0 when there was nothing to give back, and about, while others write.
  /// - Throws: `.jobNotFound` when the job is neither open nor stored; `.locked` when another process has it open; `.unsupported` when the engine
  ///   offers neither; `.storageFull` when a copy has no room; `.cancelled`; what the engine throws.
  @discardableResult
  public func reclaimJob(
    _ id: String, budget: Duration = .seconds(3600), progress: MoveProgress.Handler? = nil
  ) async throws(PersistencyError) -> Int {
    let id = try JobID(id)
    if let open = try openedJob(id) { return try await reclaim(open, budget) }
    return try await turns.inTurn(id) { () async throws(PersistencyError) in
      if let open = try openedJob(id) { return try await reclaim(open, budget) }
      let job = try await open(id, JobOptions(createIfMissing: false))
      let engine = job.engine
      var given: Int
      do throws(PersistencyError) {
        let offers = engine.capabilities.maintenance
        if !offers.contains(.backup) || offers.contains(.reclaim) { _ = try job.maintenance(.reclaim) }
        given = offers.contains(.reclaim) ? try await reclaim(job, budget) : 0
      } catch {
        _ = await job.shutDown()
        throw error
      }
      if let failure = await job.shutDown() { throw failure }
      guard engine.capabilities.maintenance.contains(.backup) else { return given }
      let compaction = Compaction(files: files(id), engine: engine)
      given += try await moving(progress) { control throws(PersistencyError) in try compaction.run(control) }
      return given
    }
  }

  private func reclaim(_ job: Job, _ budget: Duration) async throws(PersistencyError) -> Int {
    let offers = job.engine.capabilities.maintenance
    if offers.contains(.backup), !offers.contains(.reclaim) {
      throw PersistencyError(
        .unsupported,
        "job “\(job.id)” is open, and engine \(job.engine.name) gives space back by a compacting copy only; close the job, then reclaim it"
      )
    }
    let store = try job.maintenance(.reclaim)
    return try await moving(nil) { control throws(PersistencyError) in
      try control.check()
      return try store.reclaim(budget: budget)
    }
  }
}
