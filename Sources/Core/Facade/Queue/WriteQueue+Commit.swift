import Synchronization

extension WriteQueue {
  typealias Outcome = Result<Void, PersistencyError>

  /// Commits one group, and gives the thread back; what came meanwhile is served in its turn.
  func serve() {
    // All that is queued, up to half the bound: while it commits, the other half fills.
    var group = state.withLock { state in
      let group = state.pending.take(upTo: bound / 2)
      state.taken += UInt64(group.count)
      if group.isAwaited {
        for index in 0..<group.count { group.write(at: index)?.stage = .committing }
      }
      return group
    }
    let began = metrics?.commitBegins()
    generation.add(1, ordering: .acquiringAndReleasing)
    let outcomes = commit(group)
    generation.add(1, ordering: .acquiringAndReleasing)
    if let began { metrics?.commitEnded(outcomes, since: began) }
    // Before their bytes are given back to those who wait for room.
    group.forgetBatches()
    settle(group, outcomes)
  }

  // MARK: The engine's part

  private func commit(_ group: QueuedBatches) -> [Outcome] {
    if group.sync || isDurable, let place {
      do throws(PersistencyError) {
        try place.check()
      } catch {
        return Array(repeating: .failure(error), count: group.count)
      }
    }
    if !group.isMixed { return backend.outcomes(of: group.batches, sync: group.sync) }
    if group.count == 1, let write = group.write(at: 0), case .deleteOne(let category, let key) = write.work {
      return [deleteOne(category: category, key: key, of: write)]
    }
    var outcomes: [Outcome] = []
    outcomes.reserveCapacity(group.count)
    var run = EngineGroup(sync: group.sync)
    for (index, batch) in group.batches.enumerated() {
      let write = group.write(at: index)
      switch write?.work {
      case nil, .batch: run.add(batch)
      case .deleteOne(let category, let key):
        if let write { run.addDelete(category: category, key: key, of: write) }
      case .read(let read):
        outcomes += run.apply(to: backend)
        read(backend)
        outcomes.append(.success(()))
      }
    }
    return outcomes + run.apply(to: backend)
  }

  private func deleteOne(category: String, key: Key, of write: QueuedWrite) -> Outcome {
    Result { () throws(PersistencyError) in
      write.found = try backend.deleteOne(category: category, key: key)
      guard write.sync, case .failure(let error)? = backend.applyGroup([[]], sync: true).first else { return }
      // The row is gone already; only whether that is durable failed.
      throw PersistencyError(error.kind, error.message, backendCode: error.backendCode, outcome: .unknown)
    }
  }

  // MARK: The callers' part

  private func settle(_ group: QueuedBatches, _ outcomes: [Outcome]) {
    let first = recordFailures(of: group, outcomes)
    var admitted: [Reply] = []
    var reached: [UnsafeContinuation<Bool, Never>] = []
    let again = state.withLock { state in
      state.bytes -= group.bytes
      state.settled = first + UInt64(group.count) - 1
      admitWaiting(in: &state, &admitted)
      outstanding.store(Int(truncatingIfNeeded: state.queued - state.settled), ordering: .releasing)
      state.settlement.removeAll { wait in
        guard wait.sequence <= state.settled else { return false }
        if let reply = wait.takeReply() { reached.append(reply) }
        return true
      }
      state.isServed = !state.pending.isEmpty
      return state.isServed
    }
    for (continuation, answer) in admitted { continuation.resume(returning: answer) }
    for continuation in reached { continuation.resume(returning: true) }
    if group.isAwaited { answer(group, outcomes) }
    // Last, so that those who were answered have had the time to queue what is next: it goes into the same group.
    if again { WorkerPool.writers.resubmit { self.serve() } }
  }

  private func answer(_ group: QueuedBatches, _ outcomes: [Outcome]) {
    for index in 0..<group.count {
      guard let write = group.write(at: index), let reply = write.takeReply() else { continue }
      reply.resume(returning: outcomes[index].map { write.found })
    }
  }

  /// Leaves the failures that nobody waits for where the next flush finds them: before anybody can see them settled, and
  /// outside the lock, because a log handler or an executor is code of others, which may well call this job.
  ///
  /// - Returns: The number of the group's first write.
  private func recordFailures(of group: QueuedBatches, _ outcomes: [Outcome]) -> UInt64 {
    let first = state.withLock { $0.settled } + 1
    var unheard: (count: Int, first: PersistencyError)?
    for index in outcomes.indices {
      guard case .failure(let error) = outcomes[index] else { continue }
      if error.outcome == .unknown, !doubt.exchange(true, ordering: .acquiringAndReleasing) { failures.logLatch(error) }
      if group.write(at: index)?.awaiting == .commit { continue }
      failures.record(error, of: first + UInt64(index))
      unheard = ((unheard?.count ?? 0) + 1, unheard?.first ?? error)
    }
    if let unheard { failures.log(unheard.count, first: unheard.first) }
    return first
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
    _ = try await submit(
      QueuedWrite(work, bytes: Self.size(bytes: 0, ops: 1), sync: false, awaiting: .commit))
    guard let result = answer.value.withLock({ $0 }) else { throw Self.closed }
    return try result.get()
  }
}

/// Where a read on the writer's thread leaves what it found.
private final class ReadAnswer<R: Sendable>: Sendable {
  let value = Locked<Result<R, PersistencyError>?>(nil)
}
