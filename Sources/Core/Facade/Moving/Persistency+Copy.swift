// Jobs that move, whole: to another id, to another engine.

extension Persistency {
  /// Copies all rows of a job, in one state of it, to a new job, and proves by digest and count that they arrived.
  ///
  /// The job may be open here, and written meanwhile, or be open in another process where its engine can be read beside a
  /// writer. Its copy is a stored job, not an open one, durable when this returns; on an engine without files it is an open one.
  ///
  /// Cut short by a kill or a cancelled task, it is no job yet: called again it walks both stores side by side and moves
  /// only what differs, so that the copy is the job's one state of the last run; ``dropJob(_:)`` removes it. After any other failure
  /// nothing is left of it.
  ///
  /// - Parameters:
  ///   - id: The job to copy.
  ///   - newID: The new one's id.
  ///   - engine: Where to; nil is the engine of the job that is copied.
  ///   - progress: Hears how far it is.
  /// - Returns: What both hold.
  /// - Throws: `.jobNotFound` when the job is neither open nor stored; `.conflict` when the new one exists; `.invalidArgument` for an id copied to
  ///   itself, or an engine that is not among ``engines``; `.closed` when the job is closed meanwhile; `.cancelled`; what the engines throw.
  /// - Complexity: Two passes over the rows, one over the copy; memory for a few chunks of 256 KiB, or the largest row.
  @discardableResult
  public func copyJob(
    _ id: String, as newID: String, to engine: Engine? = nil, progress: MoveProgress.Handler? = nil
  ) async throws(PersistencyError) -> ContentDigest {
    let (id, newID) = (try JobID(id), try JobID(newID))
    if id == newID { throw PersistencyError(.invalidArgument, "job “\(id)” cannot be copied to itself") }
    if let engine { try checkKnown(engine) }
    return try await withJob(id, andTurnOf: newID) { job throws(PersistencyError) in
      let source = job.backend
      return try await makeJob(newID, on: engine ?? job.engine, origin: id.text, progress) {
        target, isResumed, control throws(PersistencyError) in
        try control.countRows(of: source)
        var filling = try StoreFilling(target, isResumed: isResumed, control)
        return try filling.run(ChunkFeed(rowsOf: source, makesRows: filling.takesRows))
      }
    }
  }

  /// Reads all rows of a job, in one state of it.
  ///
  /// - Throws: `.jobNotFound` when it is neither open nor stored; `.closed` when it is closed meanwhile; `.cancelled`.
  public func digestJob(
    _ id: String, progress: MoveProgress.Handler? = nil
  ) async throws(PersistencyError) -> ContentDigest {
    try await withJob(try JobID(id)) { job throws(PersistencyError) in
      let backend = job.backend
      return try await moving(progress) { control throws(PersistencyError) in
        try control.countRows(of: backend)
        return try ContentDigest.of(backend, .moving, control)
      }
    }
  }

  /// How many rows a job has.
  ///
  /// - Throws: `.jobNotFound` when it is neither open nor stored; `.closed` when it is closed meanwhile; `.cancelled`.
  public func countJob(_ id: String) async throws(PersistencyError) -> Int {
    try await withJob(try JobID(id)) { job throws(PersistencyError) in
      let backend = job.backend
      return try await moving(nil) { control throws(PersistencyError) in try control.rows(of: backend) }
    }
  }

  /// Lends all rows of a job, in one state of it, in pieces of many rows, each as category, key and payload after their
  /// lengths in 4 bytes; returns how many rows there were.
  package func eachChunk(
    of id: String, progress: MoveProgress.Handler?, _ body: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
  ) async throws(PersistencyError) -> Int {
    try await withJob(try JobID(id)) { job throws(PersistencyError) in
      let backend = job.backend
      return try await moving(progress) { control throws(PersistencyError) in
        try control.countRows(of: backend)
        var rows = 0
        try ChunkFeed(rowsOf: backend).each(.moving, control) { chunk throws(PersistencyError) in
          chunk.withBytes(body)
          rows += chunk.rows
        }
        return rows
      }
    }
  }
}
