import PersistencyCore

extension BrokenBackend {
  /// Groups whose batches meddle with one another.
  static let groups: [BrokenBackend] = [
    BrokenBackend("group.failure-poisons", "One failed batch fails its whole group.") { calls, store in
      calls.applyGroup = { batches in
        let merged = Result { () throws(PersistencyError) in try store.applyOps(batches.flatMap { $0 }) }
        return batches.map { _ in merged }
      }
    },
    BrokenBackend("group.later-fail-too", "The batches after a failed one are not applied.") { calls, store in
      calls.applyGroup = { batches in
        var failure: PersistencyError?
        return batches.map { batch in
          if let failure { return .failure(failure) }
          let result = Result { () throws(PersistencyError) in try store.applyOps(batch) }
          if case .failure(let error) = result { failure = error }
          return result
        }
      }
    },
    BrokenBackend("group.outcomes-shifted", "Each outcome of a group is that of its neighbour.") { calls, store in
      calls.applyGroup = { batches in
        let results = batches.map { batch in
          Result { () throws(PersistencyError) in try store.applyOps(batch) }
        }
        return Array(results.suffix(1) + results.dropLast())
      }
    },
    BrokenBackend("group.reversed", "The batches of a group are applied last first.") { calls, store in
      calls.applyGroup = { batches in
        batches.reversed().map { batch in
          Result { () throws(PersistencyError) in try store.applyOps(batch) }
        }.reversed()
      }
    },
    BrokenBackend("group.failure-hidden", "A failed batch of a group is reported as written.") { calls, store in
      calls.applyGroup = { batches in
        batches.map { batch in
          let result = Result { () throws(PersistencyError) in try store.applyOps(batch) }
          if case .failure(let error) = result, error.kind == .closed || error.kind == .unsupported { return result }
          return .success(())
        }
      }
    },
    BrokenBackend("group.expects-before-all", "The expects of a group all read the state before it.") { calls, store in
      calls.applyGroup = { batches in
        let asked = batches.map { batch in
          Result { () throws(PersistencyError) in
            try store.applyOps(batch.filter { if case .expect = $0 { true } else { false } })
          }
        }
        return zip(batches, asked).map { batch, answer in
          guard case .success = answer else { return answer }
          return Result { () throws(PersistencyError) in
            try store.applyOps(batch.filter { if case .expect = $0 { false } else { true } })
          }
        }
      }
    },
    BrokenBackend("group.empty-left-out", "An empty batch of a group gets no outcome.") { calls, store in
      calls.applyGroup = { batches in
        batches.filter { !$0.isEmpty }.map { batch in
          Result { () throws(PersistencyError) in try store.applyOps(batch) }
        }
      }
    },
    BrokenBackend("group.failed-leaves-a-trace", "The first step of a failed batch in a group stays.") { calls, store in
      calls.applyGroup = { batches in
        batches.map { batch in
          let result = Result { () throws(PersistencyError) in try store.applyOps(batch) }
          if case .failure = result, batches.count > 1, let first = batch.first {
            _ = Result { () throws(PersistencyError) in try store.applyOps([first]) }
          }
          return result
        }
      }
    },
  ]
}
