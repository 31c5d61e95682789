extension LMDBBackend {
  /// All batches in one write transaction; where one fails that had written, without it, and at last one by one.
  ///
  /// There are no nested transactions: LMDB's run full where a flat one takes everything.
  public func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    let untouched = LMDBGroup(batches, limits)
    do throws(PersistencyError) {
      try gate.enter()
    } catch {
      return untouched.results(for: error)
    }
    defer { gate.leave() }
    do throws(PersistencyError) {
      try checkWritable()
      if sync && environment.store.durability == .volatile {
        throw PersistencyError(
          .invalidArgument, "a volatile store makes no commit durable; open it at another durability")
      }
    } catch {
      return untouched.results(for: error)
    }
    if !untouched.hasWork && !(sync && environment.store.durability == .consistent) { return untouched.results() }
    return environment.write(gate) { writer in
      var group = untouched
      group.run(writer, sync: sync)
      return group.results()
    }
  }
}

/// The batches of one group, with what became of each.
private struct LMDBGroup {
  private let batches: [[TxOp]]
  /// nil while it is open.
  private var outcomes: [Result<Void, PersistencyError>?]

  init(_ batches: [[TxOp]], _ limits: BackendLimits) {
    self.batches = batches
    outcomes = batches.map { batch in
      do throws(PersistencyError) {
        try limits.check(batch)
        return nil
      } catch {
        return .failure(error)
      }
    }
  }

  var hasWork: Bool { zip(batches, outcomes).contains { !$0.isEmpty && $1 == nil } }

  /// The outcomes; what is still open succeeded.
  func results() -> [Result<Void, PersistencyError>] { outcomes.map { $0 ?? .success(()) } }

  /// The outcomes, where nothing could be tried.
  func results(for error: PersistencyError) -> [Result<Void, PersistencyError>] {
    outcomes.map { $0 ?? .failure(error) }
  }

  mutating func run(_ writer: LMDBWriter, sync: Bool) {
    // Each try costs the work of the group, each single commit a sync: a few tries, then singly.
    for _ in 0..<3 {
      switch tryMerged(writer, sync: sync) {
      case .done: return
      case .without(let index, let error): outcomes[index] = .failure(error)
      case .singly:
        runSingly(writer, sync: sync)
        return
      }
    }
    runSingly(writer, sync: sync)
  }

  private enum Merged {
    case done
    /// A batch that had written failed: again, without it.
    case without(Int, PersistencyError)
    case singly
  }

  private mutating func tryMerged(_ writer: LMDBWriter, sync: Bool) -> Merged {
    var spoiled: Int?
    var conflicts: [Int: PersistencyError] = [:]
    do throws(PersistencyError) {
      try writer.transaction(sync: sync) { transaction throws(PersistencyError) in
        spoiled = nil
        conflicts = [:]
        for index in batches.indices where outcomes[index] == nil {
          var wrote = false
          do throws(PersistencyError) {
            try transaction.apply(batches[index], wrote: &wrote)
          } catch {
            if error.kind != .conflict || wrote {
              spoiled = index
              throw error
            }
            // It has only read so far, so that there is nothing to undo.
            conflicts[index] = error
          }
        }
      }
    } catch {
      if error.kind == .conflict, let spoiled { return .without(spoiled, error) }
      // Nothing is written yet: what is too much for all may do for some.
      if error.outcome == .notApplied && batches.count > 1 { return .singly }
      for index in batches.indices where outcomes[index] == nil {
        outcomes[index] = .failure(conflicts[index] ?? error)
      }
      return .done
    }
    for (index, error) in conflicts { outcomes[index] = .failure(error) }
    return .done
  }

  private mutating func runSingly(_ writer: LMDBWriter, sync: Bool) {
    for index in batches.indices where outcomes[index] == nil {
      outcomes[index] = Result { () throws(PersistencyError) in
        try writer.transaction(sync: sync) { transaction throws(PersistencyError) in
          var wrote = false
          try transaction.apply(batches[index], wrote: &wrote)
        }
      }
    }
  }
}
