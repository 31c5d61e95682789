import PersistencyCore

/// The child that says what is there, in a process of its own: a damaged store may end it.
struct TrialVerifier: Sendable {
  let order: TrialOrder
  let engine: Engine
  private var finding: TrialFinding

  /// How many batches a store must take afterwards.
  private static let further: UInt64 = 20

  init(order: TrialOrder, engine: Engine) {
    self.order = order
    self.engine = engine
    finding = TrialFinding(lanes: order.script.lanes)
  }

  /// Opens the store, compares it with the script, writes on, and opens it again and again.
  func run() async -> TrialFinding {
    var copy = self
    do {
      try await copy.verify()
    } catch {
      copy.finding.problems.append("\(error)")
    }
    copy.finding.problems =
      copy.finding.problems.count > 6 ? Array(copy.finding.problems.prefix(6)) + ["…"] : copy.finding.problems
    return copy.finding
  }

  private mutating func verify() async throws {
    TrialLine.opening.say()
    var store: any TrialStore
    if let found = try await order.openStore(engine, create: false) {
      store = found
      let state = try await compare(store, "as found")
      (finding.generation, finding.last) = (state.generation, state.last)
      if order.staysOpen { return TrialLine.opened(generation: state.generation ?? order.generation).say() }
    } else {
      guard let made = try await order.openStore(engine, create: true) else { return }
      store = made
    }
    let generation = finding.generation ?? order.generation
    TrialLine.opened(generation: generation).say()
    try await writeOn(store, TrialScript.Lane(number: 0, generation: generation), from: finding.last[0])
    for round in 1...3 {
      _ = try await compare(store, "after \(Self.further) more batches, opening \(round)")
      TrialLine.closing.say()
      try await store.close()
      TrialLine.closed.say()
      finding.problems += try order.check(engine).map { "the engine's check: \($0)" }
      if round == 3 { break }
      TrialLine.opening.say()
      guard let again = try await order.openStore(engine, create: false) else {
        throw TrialFailure("the store is gone after it was closed")
      }
      store = again
      TrialLine.opened(generation: generation).say()
    }
  }

  private func writeOn(_ store: any TrialStore, _ lane: TrialScript.Lane, from last: UInt64) async throws {
    for batch in last + 1...last + Self.further {
      TrialLine.began(lane: lane.number, batch: batch, full: false).say()
      try await store.write([order.script.ops(batch, of: lane)], full: false)
      TrialLine.acknowledged(lane: lane.number, batch: batch, full: false).say()
    }
  }

  /// Compares the whole store by a scan, and what should be there by gets.
  private mutating func compare(_ store: any TrialStore, _ when: String) async throws -> TrialState {
    let rows = try await store.rows()
    let state = try TrialState(rows, lanes: order.script.lanes)
    finding.problems += state.differences(rows, order.script).map { "\(when): \($0)" }
    for row in rows {
      let payload = try await store.payload(row.category, row.key)
      if payload != row.payload { finding.problems.append("\(when): a get of \(row.name) gives another payload") }
    }
    return state
  }
}
