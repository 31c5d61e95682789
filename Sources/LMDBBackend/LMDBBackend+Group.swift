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

/// The batches of one group, and those of them that failed: as a rule none.
private struct LMDBGroup {
  private let batches: [[TxOp]]
  private var failures: [Int: PersistencyError] = [:]
  /// Whether any is to be written.
  private(set) var hasWork = false

  init(_ batches: [[TxOp]], _ limits: BackendLimits) {
    self.batches = batches
    for index in batches.indices {
      do throws(PersistencyError) {
        try limits.check(batches[index])
        hasWork = hasWork || !batches[index].isEmpty
      } catch {
        failures[index] = error
      }
    }
  }

  /// The outcomes; what did not fail succeeded.
  func results() -> [Result<Void, PersistencyError>] {
    var results = [Result<Void, PersistencyError>](repeating: .success(()), count: batches.count)
    for (index, error) in failures { results[index] = .failure(error) }
    return results
  }

  /// The outcomes, where nothing could be tried.
  func results(for error: PersistencyError) -> [Result<Void, PersistencyError>] {
    batches.indices.map { .failure(failures[$0] ?? error) }
  }

  private func isOpen(_ index: Int) -> Bool { failures.isEmpty || failures[index] == nil }

  mutating func run(_ writer: LMDBWriter, sync: Bool) {
    // Each try costs the work of the group, each single commit a sync: a few tries, then singly.
    for _ in 0..<3 {
      switch tryMerged(writer, sync: sync) {
      case .done: return
      case .without(let index, let error): failures[index] = error
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
        for index in batches.indices where isOpen(index) {
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
      for index in batches.indices where isOpen(index) { failures[index] = conflicts[index] ?? error }
      return .done
    }
    failures.merge(conflicts) { earlier, _ in earlier }
    return .done
  }

  private mutating func runSingly(_ writer: LMDBWriter, sync: Bool) {
    for index in batches.indices where isOpen(index) {
      do throws(PersistencyError) {
        try writer.transaction(sync: sync) { transaction throws(PersistencyError) in
          var wrote = false
          try transaction.apply(batches[index], wrote: &wrote)
        }
      } catch {
        failures[index] = error
      }
    }
  }
}
