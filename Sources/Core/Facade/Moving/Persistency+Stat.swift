extension Persistency {
  /// Counts and measures what is in a job, from one state of it.
  ///
  /// The job may be open here, or in another process where its engine can be read beside a writer.
  ///
  /// - Throws: `.jobNotFound` when it is neither open nor stored; `.closed` when it is closed meanwhile; `.cancelled`.
  /// - Complexity: One pass over the rows.
  public func statJob(_ id: String, progress: MoveProgress.Handler? = nil) async throws(PersistencyError) -> JobStat {
    try await withJob(try JobID(id)) { job throws(PersistencyError) in
      let (id, engine, backend) = (job.id, job.engine, job.backend)
      return try await moving(progress) { control throws(PersistencyError) in
        try control.countRows(of: backend)
        var tally = StatTally()
        try ChunkFeed(rowsOf: backend).each(.moving, control) { chunk throws(PersistencyError) in try tally.add(chunk) }
        tally.finish()
        let store = engine.capabilities.maintenance.contains(.sizeOnDisk) ? backend as? any KvMaintenance : nil
        return JobStat(
          id: id, engine: engine.name, bytesOnDisk: try store?.sizeOnDisk(), categories: tally.categories)
      }
    }
  }
}
