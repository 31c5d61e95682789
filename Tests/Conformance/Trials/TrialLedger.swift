import PersistencyCore

/// What the parent knows of a store from its children's lines, and therefore may expect of it.
struct TrialLedger: Sendable {
  /// Batches of one lane: `durable` ≤ `acknowledged` ≤ `begun`.
  struct Lane: Hashable, Sendable {
    var begun: UInt64 = 0
    var acknowledged: UInt64 = 0
    /// Of those acknowledged, what survives a power cut whatever the level.
    var durable: UInt64 = 0
    /// What the lanes had acknowledged when a batch began: if it is there, so are those; if it is synced, those are.
    var before: [UInt64: [UInt64]] = [:]
  }

  enum Phase: Hashable, Sendable {
    case none, opening, open, closing, closed, dropping, dropped
  }

  /// What a power cut now would make of the store: only a volatile one is ever discarded.
  enum Fate: Hashable, Sendable {
    case kept, keptOrDiscarded, discarded
  }

  /// What was found not to be as promised.
  enum Fault: Hashable, Sendable {
    case lost(String)
    case damaged(String)
  }

  var generation: UInt64 = 1
  var lanes: [Lane]
  var phase = Phase.none
  var fate = Fate.kept
  var faults: [Fault] = []
  /// The level of the child that runs, or ran last.
  var durability: Durability

  init(lanes: Int, durability: Durability) {
    self.lanes = Array(repeating: Lane(), count: lanes)
    self.durability = durability
  }

  /// What a store that has to be made next is to be called.

  // MARK: While a child runs

  /// Learns from a line of a child.
  mutating func take(_ text: String) {
    switch TrialLine(text) {
    case .began(let lane, let batch, _)?: begin(lane, batch)
    case .acknowledged(let lane, let batch, let full)?:
      lanes[lane].acknowledged = max(lanes[lane].acknowledged, batch)
      if full || durability == .full { harden(lane, batch) }
    case .opening?:
      phase = .opening
      if (durability == .volatile) == (fate == .kept) { fate = .keptOrDiscarded }
    case .opened(let generation)?: open(generation)
    case .closing?:
      phase = .closing
      if durability == .volatile { fate = .keptOrDiscarded }
    case .closed?:
      phase = .closed
      settleVolatile()
    case .dropping?: phase = .dropping
    case .dropped?:
      phase = .dropped
      forget()
    case .failed(let why)?: faults.append(.damaged("the child failed: \(why)"))
    case nil: faults.append(.damaged("the child printed “\(text)”"))
    }
  }

  private mutating func begin(_ lane: Int, _ batch: UInt64) {
    if batch <= lanes[lane].acknowledged {
      faults.append(.lost("lane \(lane) had batch \(lanes[lane].acknowledged) acknowledged and goes on at \(batch)"))
    }
    lanes[lane].begun = max(lanes[lane].begun, batch)
    lanes[lane].before[batch] = lanes.map(\.acknowledged)
  }

  /// A synced commit makes durable what was acknowledged before it began, in all lanes.
  private mutating func harden(_ lane: Int, _ batch: UInt64) {
    lanes[lane].durable = max(lanes[lane].durable, batch)
    for (other, acknowledged) in (lanes[lane].before[batch] ?? []).enumerated() {
      lanes[other].durable = max(lanes[other].durable, acknowledged)
    }
  }

  private mutating func open(_ generation: UInt64) {
    phase = .open
    if generation != self.generation {
      if lanes.contains(where: { $0.acknowledged > 0 }) {
        faults.append(.lost("a store of generation \(self.generation) was opened as a new one"))
      }
      forget()
      self.generation = generation
    }
    if durability == .volatile { fate = .discarded } else { settleVolatile() }
  }

  /// What was written at the volatile level is synced when the store is closed, or opened at another level.
  private mutating func settleVolatile() {
    if fate != .kept { for index in lanes.indices { lanes[index].durable = lanes[index].acknowledged } }
    fate = .kept
  }

  private mutating func forget() {
    lanes = Array(repeating: Lane(), count: lanes.count)
  }
}
