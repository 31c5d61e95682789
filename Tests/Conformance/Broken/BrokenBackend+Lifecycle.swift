import PersistencyCore

extension BrokenBackend {
  private static let persistent = Capabilities(persistent: true, rawCategories: true)

  /// Stores that outlive their closing, or do not outlive it.
  static let lifecycle: [BrokenBackend] = [
    BrokenBackend("closed.ignored", "Calls after close succeed.") { calls, _ in calls.close = {} },
    BrokenBackend("closed.reads-go-on", "After close only writes are refused.") { calls, _ in
      let closed = Shared(false)
      calls.close = { closed.withLock { $0 = true } }
      calls.mapOps { ops throws(PersistencyError) in
        if closed.withLock({ $0 }) { throw PersistencyError(.closed, "closed") }
        return ops
      }
    },
    BrokenBackend("closed.writes-go-on", "After close only reads are refused.") { calls, _ in
      let closed = Shared(false)
      calls.close = { closed.withLock { $0 = true } }
      calls.precedeReads { () throws(PersistencyError) in
        if closed.withLock({ $0 }) { throw PersistencyError(.closed, "closed") }
      }
    },
    BrokenBackend("closed.wrong-kind", "After close every call throws .backend.") { calls, _ in
      let closed = Shared(false)
      calls.close = { closed.withLock { $0 = true } }
      calls.precede { () throws(PersistencyError) in
        if closed.withLock({ $0 }) { throw PersistencyError(.backend, "no such handle") }
      }
    },
    BrokenBackend("closed.second-reopens", "A second close opens the store again.") { calls, _ in
      let closed = Shared(false)
      calls.close = { closed.withLock { $0.toggle() } }
      calls.precede { () throws(PersistencyError) in
        if closed.withLock({ $0 }) { throw PersistencyError(.closed, "closed") }
      }
    },
    BrokenBackend("closed.count-is-0", "After close a count is 0.") { calls, store in
      calls.countRange = { category, range throws(PersistencyError) in
        do throws(PersistencyError) {
          return try store.countRange(category: category, range: range)
        } catch {
          if error.kind == .closed { return 0 }
          throw error
        }
      }
    },
    BrokenBackend("closed.no-categories", "After close there are no categories.") { calls, store in
      calls.categories = { () throws(PersistencyError) in
        do throws(PersistencyError) {
          return try store.categories()
        } catch {
          if error.kind == .closed { return [] }
          throw error
        }
      }
    },
    BrokenBackend("closed.group-succeeds", "After close a group is reported as written.") { calls, store in
      calls.applyGroup = { batches in
        batches.map { batch in
          let result = Result { () throws(PersistencyError) in try store.applyOps(batch) }
          if case .failure(let error) = result, error.kind == .closed { return .success(()) }
          return result
        }
      }
    },
    BrokenBackend(
      keptInFile: "opening.reopens-empty", "Rows are gone after a reopen.", capabilities: persistent
    ) { _ in [] },
    BrokenBackend(
      keptInFile: "opening.sees-what-was-closed", "A store declared not persistent has its rows after a reopen.",
      capabilities: BackendFixture.reference.capabilities
    ) { $0 },
    BrokenBackend(
      keptInFile: "opening.last-row-lost", "The last row is gone after a reopen.", capabilities: persistent
    ) { $0.dropLast() },
    BrokenBackend(
      keptInFile: "opening.empty-payloads-lost", "Rows with an empty payload are gone after a reopen.",
      capabilities: persistent
    ) { $0.filter { !$0.payload.isEmpty } },
    BrokenBackend(
      keptInFile: "opening.one-category-kept", "Only the first category is there after a reopen.",
      capabilities: persistent
    ) { rows in rows.filter { $0.category == rows.first?.category } },
    BrokenBackend(
      "opening.read-only-writes", "A store opened for reading only can be written.",
      fixture: BackendFixture(
        name: "opening.read-only-writes", capabilities: BackendFixture.reference.capabilities,
        open: { _, _ throws(PersistencyError) in ReferenceBackend() })),
    BrokenBackend(
      "opening.undeclared-durability", "A durability that it does not declare is accepted.",
      capabilities: Capabilities(persistent: false, durability: [.consistent], rawCategories: true)
    ) { _, _ in },
  ]

  /// The yardstick, written to a file by `close()` and read back at open, where `keep` loses something.
  private init(
    keptInFile name: String, _ breaks: String, capabilities: Capabilities,
    keep: @escaping @Sendable ([KeptRow]) -> [KeptRow]
  ) {
    self.init(
      name, breaks, fixture: .keptInFile(name, capabilities: capabilities, keep: keep),
      control: capabilities.persistent ? .keptInFile("kept in a file", capabilities: capabilities) : .untampered)
  }
}

extension BackendFixture {
  /// The yardstick, written to a file by `close()` and read back at open.
  fileprivate static func keptInFile(
    _ name: String, capabilities: Capabilities, keep: @escaping @Sendable ([KeptRow]) -> [KeptRow] = { $0 }
  ) -> BackendFixture {
    BackendFixture(
      name: name, capabilities: capabilities,
      open: { directory, options throws(PersistencyError) in
        let store = ReferenceBackend(options: options)
        let kept = ReferenceBackend()
        try kept.importRows(keep(KeptRow.read(from: directory)).map(\.raw))
        store.adopt(kept)
        var calls = BackendCalls(store)
        calls.close = {
          let rows = (try? KeptRow.all(of: store)) ?? []
          if !rows.isEmpty { KeptRow.write(rows, to: directory) }
          store.close()
        }
        return TamperedBackend(calls)
      })
  }
}
