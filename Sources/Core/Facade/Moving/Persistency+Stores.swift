// How long work gets at stores: those of jobs that are open, opened for it, or made by it.

extension Persistency {
  /// Lends a job to `body`: the open one, or one opened to read for that time.
  ///
  /// An open job may be closed or dropped meanwhile; what reads it then throws `.closed`. One that was not open cannot be opened until
  /// `body` is done.
  ///
  /// - Parameter other: A job whose turn `body` needs too; both are taken in one order, whoever asks.
  func withJob<R: Sendable>(
    _ id: JobID, andTurnOf other: JobID? = nil, _ body: (Job) async throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    if let open = try openedJob(id) {
      return try await inTurns([other]) { () async throws(PersistencyError) in
        if !open.queue.isSettled { try await open.queue.settled() }
        return try await body(open)
      }
    }
    return try await inTurns([id, other]) { () async throws(PersistencyError) in
      if let open = try openedJob(id) { return try await body(open) }
      let job = try await open(id, JobOptions(access: .readOnly, createIfMissing: false))
      do throws(PersistencyError) {
        let result = try await body(job)
        _ = await job.shutDown()
        return result
      } catch {
        _ = await job.shutDown()
        throw error
      }
    }
  }

  /// Opens a job for the work at hand; other calls do not see it.
  func open(_ id: JobID, engine: Engine? = nil, _ options: JobOptions) async throws(PersistencyError) -> Job {
    let opening = JobOpening(root: root, engines: engines, id: id, engine: engine, options: options)
    return try await WorkerPool.writers.run { () throws(PersistencyError) in try opening.open() }
  }

  private func inTurns<R: Sendable>(
    _ ids: [JobID?], _ body: () async throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    let ids = ids.compactMap(\.self).sorted()
    guard let first = ids.first else { return try await body() }
    return try await turns.inTurn(first) { () async throws(PersistencyError) in
      guard ids.count > 1, let last = ids.last else { return try await body() }
      return try await turns.inTurn(last, body)
    }
  }

  func files(_ id: JobID) -> StoredFiles { StoredFiles(root: root, id: id, engines: engines) }

  /// Makes a job of what `fill` puts into its store; when that fails nothing is left of it.
  ///
  /// Called in the job's turn. One on an engine that keeps no files stays open: it would be gone otherwise.
  ///
  /// - Parameter origin: What is copied; a run that is cancelled, or killed, is then gone on with by the next.
  func makeJob<R: Sendable>(
    _ id: JobID, on engine: Engine, origin: String? = nil, _ progress: MoveProgress.Handler?,
    _ fill:
      @escaping @Sendable (
        _ store: any KvBackend, _ isResumed: Bool, _ control: MoveControl
      ) throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    let files = files(id)
    if try openedJob(id) != nil { throw files.taken }
    guard engine.capabilities.persistent else { return try await makeJobInMemory(id, on: engine, progress, fill) }
    return try await moving(progress) { control throws(PersistencyError) in
      if try files.foundRemotely() != nil { throw files.taken }
      if let stores = files.remote(engine) {
        return try RemoteDraft(files, stores).make { store throws(PersistencyError) in try fill(store, false, control) }
      }
      let draft = try JobDraft.begin(files, on: engine, origin: origin)
      do throws(PersistencyError) {
        let (store, isResumed) = try draft.openStore()
        defer { store.close() }
        let result = try fill(store, isResumed, control)
        store.close()
        try draft.complete()
        return result
      } catch {
        if origin != nil && error.kind == .cancelled {
          draft.suspend()
        } else {
          draft.abandon()
        }
        throw error
      }
    }
  }

  private func makeJobInMemory<R: Sendable>(
    _ id: JobID, on engine: Engine, _ progress: MoveProgress.Handler?,
    _ fill: @escaping @Sendable (any KvBackend, Bool, MoveControl) throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    let files = files(id)
    try await WorkerPool.readers.run { () throws(PersistencyError) in _ = try JobDraft.leftovers(files) }
    let job = try await open(id, engine: engine, JobOptions())
    do throws(PersistencyError) {
      let backend = job.backend
      let result = try await moving(progress) { control throws(PersistencyError) in
        try fill(backend, false, control)
      }
      try keep(job, id)
      return result
    } catch {
      _ = await job.shutDown()
      throw error
    }
  }
}
