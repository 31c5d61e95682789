import Synchronization

extension WriteQueue {
  /// Applies a group to the backend: runs of batches as one group of the engine, each single delete by itself.
  func commit(_ group: [QueuedWrite]) -> [QueuedWrite.Answer] {
    var answers: [QueuedWrite.Answer] = []
    answers.reserveCapacity(group.count)
    var run: [[TxOp]] = []
    var sync = false

    func commitRun() {
      guard !run.isEmpty else { return }
      var results = backend.applyGroup(run, sync: sync)
      // An adapter that answers for fewer batches than it was given has not said what became of the others.
      while results.count < run.count { results.append(.failure(Self.unanswered)) }
      answers += results.prefix(run.count).map { $0.map { true } }
      run = []
      sync = false
    }

    for write in group {
      switch write.work {
      case .batch(let ops):
        run.append(ops)
        sync = sync || write.sync
      case .rows(let rows):
        commitRun()
        answers.append(
          Result { () throws(PersistencyError) in
            try backend.importRows(rows)
            return true
          })
      case .deleteOne(let category, let key):
        commitRun()
        answers.append(deleteOne(category: category, key: key, sync: write.sync))
      case .read(let read):
        commitRun()
        read(backend)
        answers.append(.success(true))
      }
    }
    commitRun()
    return answers
  }

  private func deleteOne(category: String, key: Key, sync: Bool) -> QueuedWrite.Answer {
    Result { () throws(PersistencyError) in
      let wasThere = try backend.deleteOne(category: category, key: key)
      guard sync, case .failure(let error)? = backend.applyGroup([[]], sync: true).first else { return wasThere }
      // The row is gone already; only whether that is durable failed.
      throw PersistencyError(error.kind, error.message, backendCode: error.backendCode, outcome: .unknown)
    }
  }

  private static var unanswered: PersistencyError {
    PersistencyError(.backend, "the adapter gave no outcome for this batch", outcome: .unknown)
  }
}

extension WriteQueue {
  /// Runs a read on the writer's thread between two commits, in its turn: nothing changes while it runs.
  func betweenCommits<R: Sendable>(
    _ read: @escaping @Sendable (any KvBackend) throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    let answer = ReadAnswer<R>()
    let work = QueuedWrite.Work.read { backend in
      answer.value.withLock { $0 = Result { () throws(PersistencyError) in try read(backend) } }
    }
    _ = try await submit(QueuedWrite(work, bytes: Self.overheadBytes, sync: false, awaiting: .commit))
    guard let result = answer.value.withLock({ $0 }) else { throw Self.closed }
    return try result.get()
  }
}

/// Where a read on the writer's thread leaves what it found.
private final class ReadAnswer<R: Sendable>: Sendable {
  let value = Mutex<Result<R, PersistencyError>?>(nil)
}
