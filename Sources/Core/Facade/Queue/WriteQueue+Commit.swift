extension WriteQueue {
  /// Applies a group to the backend, as one group of the engine where no read or import comes between.
  func commit(_ group: [QueuedWrite]) -> [QueuedWrite.Answer] {
    if group.count == 1, case .deleteOne(let category, let key) = group[0].work {
      return [deleteOne(category: category, key: key, sync: group[0].sync)]
    }
    var answers: [QueuedWrite.Answer] = []
    answers.reserveCapacity(group.count)
    var run = EngineGroup()
    for write in group {
      switch write.work {
      case .batch(let ops): run.add(ops, sync: write.sync)
      case .deleteOne(let category, let key): run.addDelete(category: category, key: key, sync: write.sync)
      case .rows(let rows):
        answers += run.apply(to: backend)
        answers.append(
          Result { () throws(PersistencyError) in
            try backend.importRows(rows)
            return true
          })
      case .read(let read):
        answers += run.apply(to: backend)
        read(backend)
        answers.append(.success(true))
      }
    }
    return answers + run.apply(to: backend)
  }

  private func deleteOne(category: String, key: Key, sync: Bool) -> QueuedWrite.Answer {
    Result { () throws(PersistencyError) in
      let wasThere = try backend.deleteOne(category: category, key: key)
      guard sync, case .failure(let error)? = backend.applyGroup([[]], sync: true).first else { return wasThere }
      // The row is gone already; only whether that is durable failed.
      throw PersistencyError(error.kind, error.message, backendCode: error.backendCode, outcome: .unknown)
    }
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
  let value = Locked<Result<R, PersistencyError>?>(nil)
}
