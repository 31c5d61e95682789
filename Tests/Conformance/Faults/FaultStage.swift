import Foundation
import PersistencyCore

/// Where a ``FaultTrial`` plays: the five moments, and what must hold after each.
struct FaultStage {
  let trial: FaultTrial
  let fixture: BackendFixture
  let injector: FaultInjector
  let directory: String

  private func open(mustExist: Bool) throws(PersistencyError) -> any KvBackend {
    try fixture.open(directory, StoreOptions(durability: trial.durability, mustExist: mustExist))
  }

  /// A store with a few batches, and what is in it.
  private func prepared() throws -> (any KvBackend, FaultLedger) {
    let store = try open(mustExist: false)
    var ledger = FaultLedger()
    for batch in FaultScript.before {
      try store.applyOps(batch)
      try ledger.note([batch], [.success(())])
    }
    return (store, ledger)
  }

  // MARK: The moments

  func making() throws -> Int {
    try failingOpen(mustExist: false, FaultLedger())
  }

  func opening() throws -> Int {
    let (store, ledger) = try prepared()
    store.close()
    return try failingOpen(mustExist: true, ledger)
  }

  private func failingOpen(mustExist: Bool, _ ledger: FaultLedger) throws -> Int {
    var ledger = ledger
    let hits = try injector.during(trial.fault, below: directory) { armed in
      do throws(PersistencyError) {
        let store = try open(mustExist: mustExist)
        defer { store.close() }
        try? read(store, &ledger)
        let (batches, outcomes) = FaultScript.make(.batch(FaultScript.puts(20)), on: store)
        try? ledger.note(batches, outcomes)
      } catch {
        try judge(error, whileOpening: true)
      }
      return armed.hits
    }
    try expectNothingOpen("after the opening that failed")
    try goOn(ledger, mustExist: mustExist)
    return hits
  }

  func writing() throws -> Int {
    var (store, ledger) = try prepared()
    defer { store.close() }
    let (hits, failed) = try injector.during(trial.fault, below: directory) { armed in
      let failed = try write(store, &ledger)
      // While it lasts, reads go on.
      if failed != nil { try read(store, &ledger) }
      return (armed.hits, failed)
    }
    if let failed { try recover(store, failed, &ledger) }
    store.close()
    try expectNothingOpen("after the close")
    try goOn(ledger, mustExist: true)
    return hits
  }

  func reading() throws -> Int {
    var (store, ledger) = try prepared()
    // Opened anew, so that nothing is in a cache.
    store.close()
    store = try open(mustExist: true)
    defer { store.close() }
    let hits = try injector.during(trial.fault, below: directory) { armed in
      try readBySingleCalls(store)
      try? read(store, &ledger)
      return armed.hits
    }
    let found: FaultLedger.Rows
    do throws(PersistencyError) {
      found = try store.rows()
    } catch {
      throw FaultTrial.Finding(.broken, "reads fail still when the fault is over: \(error)")
    }
    try expect(found, &ledger, "the rows once the fault is over")
    store.close()
    try goOn(ledger, mustExist: true)
    return hits
  }

  func closing() throws -> Int {
    let (store, ledger) = try prepared()
    let hits = try injector.during(trial.fault, below: directory) { armed in
      store.close()
      return armed.hits
    }
    try expectNothingOpen("after the close")
    try goOn(ledger, mustExist: true)
    return hits
  }

  // MARK: Parts

  /// Writes until a call fails.
  ///
  /// - Returns: The call, and its errors.
  private func write(
    _ store: any KvBackend, _ ledger: inout FaultLedger
  ) throws -> (call: FaultScript.Call, errors: [PersistencyError])? {
    for call in FaultScript.calls(trial.seed) {
      let before = ledger
      let (batches, outcomes) = FaultScript.make(call, on: store)
      guard outcomes.count == batches.count else {
        throw FaultTrial.Finding(.broken, "\(batches.count) batches have \(outcomes.count) outcomes")
      }
      try ledger.note(batches, outcomes)
      let isUnknown = outcomes.contains {
        if case .failure(let error) = $0 { error.outcome == .unknown } else { false }
      }
      var errors: [PersistencyError] = []
      for (batch, outcome) in zip(batches, outcomes) {
        guard case .failure(let error) = outcome else { continue }
        if error.kind == .conflict, before.conflicts(batch) { continue }
        try judge(error, afterUnknown: isUnknown)
        errors.append(error)
      }
      if !errors.isEmpty { return (call, errors) }
    }
    return nil
  }

  /// After a failed write and its fault: full disks have room again; what is unknown stays shut until a reopening.
  private func recover(
    _ store: any KvBackend, _ failed: (call: FaultScript.Call, errors: [PersistencyError]), _ ledger: inout FaultLedger
  ) throws {
    let isUnknown = failed.errors.contains { $0.outcome == .unknown }
    let call = isUnknown ? .batch(FaultScript.puts(30)) : failed.call
    var again = FaultScript.make(call, on: store)
    // A store may look for room once a second only.
    for _ in 0..<30 where again.outcomes.contains(where: \.isOfFullDisk) {
      Thread.sleep(forTimeInterval: 0.1)
      again = FaultScript.make(call, on: store)
    }
    for (batch, outcome) in zip(again.batches, again.outcomes) {
      switch outcome {
      case .success where isUnknown:
        throw FaultTrial.Finding(.broken, "a write succeeds on a store whose last commit has an unknown outcome")
      case .failure(let error) where error.kind == .conflict && ledger.conflicts(batch): break
      case .failure(let error) where error.outcome == .unknown:
        throw FaultTrial.Finding(.broken, "a write after the fault has an unknown outcome: \(error)")
      case .failure(let error) where failed.errors.contains { $0.kind == .storageFull } && !isUnknown:
        throw FaultTrial.Finding(.broken, "there is room again, and the write fails: \(error)")
      default: break
      }
      try ledger.note([batch], [outcome])
    }
    try read(store, &ledger)
  }

  /// Each key alone: the right payload, or an error.
  private func readBySingleCalls(_ store: any KvBackend) throws {
    for number in 0..<FaultScript.before.count {
      for row in 0..<6 {
        guard case .put(let category, let key, let payload) = FaultScript.puts(number)[row] else { continue }
        let (found, exists): ([UInt8]?, Bool)
        do throws(PersistencyError) {
          found = try store.getOne(category: category, key: key)
          exists = try store.existsOne(category: category, key: key)
        } catch {
          try judge(error)
          continue
        }
        guard found == payload, exists else {
          throw FaultTrial.Finding(.lost, "a get gives \(found?.shown ?? "nothing"), not \(payload.shown)")
        }
      }
    }
  }

  /// Reads everything; while reading itself is disturbed it may throw, else it must not.
  private func read(_ store: any KvBackend, _ ledger: inout FaultLedger) throws {
    let found: FaultLedger.Rows
    do throws(PersistencyError) {
      found = try store.rows()
      _ = try store.categories()
      _ = try store.countRange(category: FaultScript.category, range: .all)
    } catch {
      if trial.fault.calls.isDisjoint(with: [.read, .map, .open]) {
        throw FaultTrial.Finding(.broken, "a read fails: \(error)")
      }
      return try judge(error)
    }
    try expect(found, &ledger, "the rows read while the fault lasts, or just after")
  }

  private func expect(_ found: FaultLedger.Rows, _ ledger: inout FaultLedger, _ what: String) throws {
    var settled = ledger
    try settled.settle(on: found, what)
    // Until it is reopened, a store may show either state of a commit whose outcome is unknown.
    if ledger.isCertain { ledger = settled }
  }

  /// Whether the error is one that the fault may cause.
  ///
  /// - Parameter afterUnknown: The outcome of a batch of the same call is unknown, which is why the rest were not tried.
  private func judge(_ error: PersistencyError, whileOpening: Bool = false, afterUnknown: Bool = false) throws {
    if case .error(let code) = trial.fault.effect, code == noSpace, error.kind != .storageFull {
      guard whileOpening || afterUnknown else {
        throw FaultTrial.Finding(.broken, "a full disk is reported as \(error)")
      }
    }
    switch error.kind {
    case .backend, .storageFull, .unsupported: return
    // What a disk does not give back is damage, to SQLite for one.
    case .corrupted where trial.fault.calls.contains(.read): return
    default: throw FaultTrial.Finding(.broken, "a system call that fails is reported as \(error)")
    }
  }

  /// The fault is over: the store opens, is in one of the states that it may be in, is sound, and takes writes.
  private func goOn(_ ledger: FaultLedger, mustExist: Bool) throws {
    var (ledger, mustExist) = (ledger, mustExist)
    for round in 0..<2 {
      let store: any KvBackend
      do throws(PersistencyError) {
        store = try open(mustExist: mustExist)
      } catch {
        throw FaultTrial.Finding(.broken, "it does not open when the fault is over: \(error)")
      }
      defer { store.close() }
      try ledger.settle(on: try store.rows(), "the store opened again")
      if let store = store as? any KvMaintenance, fixture.capabilities.maintenance.contains(.check) {
        var findings: [String] = []
        try store.check { findings.append($0.message) }
        if let first = findings.first { throw FaultTrial.Finding(.torn, "the engine's examination finds: \(first)") }
      }
      let batch = FaultScript.puts(40 + round)
      try store.applyOps(batch)
      try ledger.note([batch], [.success(())])
      try ledger.settle(on: try store.rows(), "the store after a write")
      mustExist = true
    }
  }

  private func expectNothingOpen(_ what: String) throws {
    guard let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") else { return }
    for descriptor in descriptors {
      let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + descriptor)
      if let path, path.hasPrefix(directory + "/") {
        throw FaultTrial.Finding(.broken, "\(path) is open still \(what)")
      }
    }
  }
}

extension Result<Void, PersistencyError> {
  fileprivate var isOfFullDisk: Bool {
    if case .failure(let error) = self { error.kind == .storageFull && error.outcome == .notApplied } else { false }
  }
}
