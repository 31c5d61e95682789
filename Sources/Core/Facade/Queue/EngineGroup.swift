/// A group that is put together step by step, because not all of its writes are batches.
///
/// Batches and deletes between two other steps are one group of the engine.
struct EngineGroup {
  private enum Step {
    case batch
    /// Two batches: one that asks whether the row is absent, and the delete.
    case delete(QueuedWrite)
  }

  private var batches: [[TxOp]] = []
  private var steps: [Step] = []
  private let sync: Bool

  init(sync: Bool) { self.sync = sync }

  mutating func add(_ ops: [TxOp]) {
    batches.append(ops)
    steps.append(.batch)
  }

  /// A delete that tells whether the row was there, without a commit of its own: a batch that expects the row to be absent
  /// conflicts, and leaves no trace, exactly when it is there after the writes before it.
  mutating func addDelete(category: String, key: Key, of write: QueuedWrite) {
    batches.append([.expect(category: category, key: key, payload: nil)])
    batches.append([.delete(category: category, key: key)])
    steps.append(.delete(write))
  }

  /// Applies what was added, and begins anew.
  ///
  /// - Returns: An outcome a step, in order; a delete's write is told whether the row was there.
  mutating func apply(to backend: any KvBackend) -> [WriteQueue.Outcome] {
    defer { self = EngineGroup(sync: sync) }
    if batches.isEmpty { return [] }
    let results = backend.outcomes(of: batches, sync: sync)
    var next = 0
    return steps.map { step in
      switch step {
      case .batch:
        defer { next += 1 }
        return results[next]
      case .delete(let write):
        defer { next += 2 }
        return Self.outcome(of: write, absent: results[next], delete: results[next + 1])
      }
    }
  }

  private static func outcome(
    of write: QueuedWrite, absent: WriteQueue.Outcome, delete: WriteQueue.Outcome
  ) -> WriteQueue.Outcome {
    switch (absent, delete) {
    case (_, .failure): return delete
    case (.success, .success):
      write.found = false
      return delete
    case (.failure(let error), .success): return error.kind == .conflict ? delete : absent
    }
  }
}

extension KvBackend {
  /// Makes durable all that was committed.
  func sync() throws(PersistencyError) {
    for outcome in outcomes(of: [[]], sync: true) { try outcome.get() }
  }

  /// ``applyGroup(_:sync:)`` with an outcome for each batch, whatever the adapter answers.
  func outcomes(of batches: [[TxOp]], sync: Bool) -> [WriteQueue.Outcome] {
    var results = applyGroup(batches, sync: sync)
    // An adapter that answers for fewer batches than it was given has not said what became of the others.
    while results.count < batches.count {
      results.append(
        .failure(PersistencyError(.backend, "the adapter gave no outcome for this batch", outcome: .unknown)))
    }
    return results
  }
}
