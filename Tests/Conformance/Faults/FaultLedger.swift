import PersistencyCore

/// What may be in a store, given what its calls answered: one state, or several while an outcome is unknown.
struct FaultLedger {
  typealias Rows = [[[UInt8]]]

  private var states = [ReferenceBackend()]

  /// Takes note of what became of batches that were applied in this order.
  mutating func note(_ batches: [[TxOp]], _ outcomes: [Result<Void, PersistencyError>]) throws {
    for (batch, outcome) in zip(batches, outcomes) {
      switch outcome {
      case .success: states = try states.map { try Self.after(batch, $0) }
      case .failure(let error) where error.outcome == .unknown:
        states += try states.map { try Self.after(batch, $0) }
      case .failure: break
      }
    }
  }

  /// One in which a batch cannot be applied, because an `expect` fails, stays as it is.
  private static func after(_ batch: [TxOp], _ state: ReferenceBackend) throws -> ReferenceBackend {
    let next = ReferenceBackend()
    next.adopt(state)
    do throws(PersistencyError) { try next.applyOps(batch) } catch  where error.kind == .conflict {}
    return next
  }

  /// Whether nothing is unknown.
  var isCertain: Bool { states.count == 1 }

  /// What the batch answers where nothing fails: a conflict, or success.
  func conflicts(_ batch: [TxOp]) -> Bool {
    guard let state = states.first, let next = try? Self.after([], state) else { return false }
    return (try? next.applyOps(batch)) == nil
  }

  /// Keeps the states that are what was found.
  mutating func settle(on found: Rows, _ what: String) throws {
    var wanted: Rows = []
    for state in states {
      wanted = try state.rows()
      if wanted == found {
        states = [state]
        return
      }
    }
    // By the state without the unknown ones.
    wanted = try states[0].rows()
    let missing = wanted.filter { !found.contains($0) }
    let extra = found.filter { !wanted.contains($0) }
    throw FaultTrial.Finding(
      missing.isEmpty ? .torn : .lost,
      "\(what): \(missing.count) rows of \(wanted.count) are missing or changed (\(Self.shown(missing))), \(extra.count) are "
        + "there that are in no state it can be in (\(Self.shown(extra))), of \(states.count)")
  }

  private static func shown(_ rows: Rows) -> String {
    rows.prefix(3).map { row in row.map(\.shown).joined(separator: " ") }.joined(separator: ", ")
  }
}

extension KvBackend {
  /// All rows, as `visitAll` lends them.
  func rows() throws(PersistencyError) -> FaultLedger.Rows {
    var rows: FaultLedger.Rows = []
    try visitAll { category, key, payload throws(PersistencyError) in
      rows.append([[UInt8](copying: category), [UInt8](copying: key), [UInt8](copying: payload)])
      return .next
    }
    return rows
  }
}
