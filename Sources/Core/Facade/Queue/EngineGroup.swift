/// Batches that will be one group of the engine, and what each of the queued writes among them is told.
struct EngineGroup {
  private enum Write {
    case batch
    /// Two batches: one that asks whether the row is absent, and the delete.
    case delete
  }

  private var batches: [[TxOp]] = []
  private var writes: [Write] = []
  private var sync = false

  mutating func add(_ ops: [TxOp], sync: Bool) {
    batches.append(ops)
    writes.append(.batch)
    self.sync = self.sync || sync
  }

  /// A delete that tells whether the row was there, without a commit of its own: a batch that expects the row to be absent
  /// conflicts, and leaves no trace, exactly when it is there after the writes before it.
  mutating func addDelete(category: String, key: Key, sync: Bool) {
    batches.append([.expect(category: category, key: key, payload: nil)])
    batches.append([.delete(category: category, key: key)])
    writes.append(.delete)
    self.sync = self.sync || sync
  }

  /// Applies what was added, and begins anew.
  ///
  /// - Returns: An answer a write, in order; for a delete, whether the row was there.
  mutating func apply(to backend: any KvBackend) -> [QueuedWrite.Answer] {
    defer { self = EngineGroup() }
    if batches.isEmpty { return [] }
    var results = backend.applyGroup(batches, sync: sync)
    // An adapter that answers for fewer batches than it was given has not said what became of the others.
    while results.count < batches.count { results.append(.failure(Self.unanswered)) }
    var next = 0
    return writes.map { write in
      switch write {
      case .batch:
        defer { next += 1 }
        return results[next].map { true }
      case .delete:
        defer { next += 2 }
        return Self.wasThere(absent: results[next], delete: results[next + 1])
      }
    }
  }

  private static func wasThere(
    absent: Result<Void, PersistencyError>, delete: Result<Void, PersistencyError>
  ) -> QueuedWrite.Answer {
    switch (absent, delete) {
    case (_, .failure(let error)): .failure(error)
    case (.success, .success): .success(false)
    case (.failure(let error), .success): error.kind == .conflict ? .success(true) : .failure(error)
    }
  }

  private static var unanswered: PersistencyError {
    PersistencyError(.backend, "the adapter gave no outcome for this batch", outcome: .unknown)
  }
}
