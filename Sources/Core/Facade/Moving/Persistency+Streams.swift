// Jobs in a form that outlives their engine.

extension Persistency {
  /// Writes all rows of a job, in one state of it, as one checksummed stream; ``importJob(_:on:from:progress:)`` reads it.
  ///
  /// The job may be open here, and written meanwhile, or be open in another process where its engine can be read beside a writer. The
  /// stream is versioned and the same whatever the engine: a file of it is a backup that needs no engine, and a pipe of it moves a job to
  /// another machine.
  ///
  /// - Returns: What was written, as the stream's end tells it.
  /// - Throws: `.jobNotFound` when the job is neither open nor stored; `.closed` when it is closed meanwhile; `.cancelled`; what `sink` throws. What
  ///   was written by then has no end, and is refused by an import.
  /// - Complexity: One pass over the rows; memory for a few chunks of 256 KiB, or the largest row.
  @discardableResult
  public func exportJob(
    _ id: String, to sink: ByteSink, progress: MoveProgress.Handler? = nil
  ) async throws(PersistencyError) -> ContentDigest {
    try await withJob(try JobID(id)) { job throws(PersistencyError) in
      let (backend, description) = (job.backend, StreamFormat.Description(job: job.id, engine: job.engine.name))
      return try await moving(progress) { control throws(PersistencyError) in
        try control.countRows(of: backend)
        var writer = try StreamWriter(sink, description)
        try ChunkFeed(rowsOf: backend).each(.moving, control) { chunk throws(PersistencyError) in try writer.add(chunk)
        }
        return try writer.finish()
      }
    }
  }

  /// Makes a job of a stream that ``exportJob(_:to:progress:)`` wrote, and proves that all rows arrived.
  ///
  /// Nothing of a stream that was cut or altered is left, nor of an import that fails otherwise. One that was killed is no job; it is made anew by the
  /// next. The job is a stored one, not an open one; on an engine without files it is an open one.
  ///
  /// - Parameters:
  ///   - id: The new job's, whatever the exported one was called.
  ///   - engine: nil is the first of ``engines``.
  ///   - source: The stream.
  ///   - progress: Told how far it is.
  /// - Returns: What the job holds.
  /// - Throws: `.conflict` when the job exists, before anything is read; `.corrupted` for what is no stream, was cut, or was altered; `.unsupported` for a
  ///   newer version; `.cancelled`; what `source` and the engine throw.
  @discardableResult
  public func importJob(
    _ id: String, on engine: Engine? = nil, from source: ByteSource, progress: MoveProgress.Handler? = nil
  ) async throws(PersistencyError) -> ContentDigest {
    let id = try JobID(id)
    if let engine { try checkKnown(engine) }
    return try await turns.inTurn(id) { () async throws(PersistencyError) in
      try await makeJob(id, on: engine ?? engines[0], progress) { target, _, control throws(PersistencyError) in
        let feed = ChunkFeed(makesRows: true) { feed throws(PersistencyError) in
          var reader = try StreamReader(source) { () throws(PersistencyError) in
            // While nothing comes the one who takes sleeps, and sees no cancellation.
            try control.check()
            try feed.checkTaken()
          }
          while let chunk = try reader.next() { try feed.put(chunk) }
        }
        var filling = try StoreFilling(target, isResumed: false, control)
        return try filling.run(feed)
      }
    }
  }
}
