import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The child that is killed: it opens, writes, closes and drops, as its order draws, and says so line by line.
struct TrialWriter: Sendable {
  let order: TrialOrder
  let engine: Engine

  /// How one run goes, drawn from the order's number.
  private struct Shape: Sendable {
    /// How many batches each lane writes before the store is closed and opened again.
    let round: Int
    /// The most batches that are written at once.
    let group: Int
    /// Every how many groups one is made durable; nil for none.
    let fullEvery: UInt64?
    let reads: Bool
    let dropAfter: Int?

    init(_ order: TrialOrder) {
      var random = SeededGenerator(seed: order.run)
      round = Int.random(in: random.next() % 3 == 0 ? 1...30 : 100...1_000, using: &random)
      group = order.layer == .acknowledged || random.next() % 3 == 0 ? 1 : Int.random(in: 2...60, using: &random)
      let full = random.next() % 2 == 0 && order.durability != .volatile
      fullEvery = full ? UInt64.random(in: 2...8, using: &random) : nil
      reads = random.next() % 2 == 0
      dropAfter = order.layer.isJob && random.next() % 5 == 0 ? Int.random(in: 0...2, using: &random) : nil
    }
  }

  /// The most batches of one run: should nobody kill it, it ends by itself.
  private static let most = 20_000

  func run() async throws {
    let shape = Shape(order)
    var fresh = order.generation
    var written = 0
    for round in 0... where written < Self.most {
      TrialLine.opening.say()
      guard let store = try await order.openStore(engine, create: true) else { return }
      let state = try TrialState(try await store.rows(), lanes: order.script.lanes)
      let generation = state.generation ?? fresh
      TrialLine.opened(generation: generation).say()
      try await write(store, state, generation, shape)
      written += shape.round * order.script.lanes
      if round == shape.dropAfter {
        TrialLine.dropping.say()
        try await store.drop()
        TrialLine.dropped.say()
        fresh = generation + 1
      } else {
        TrialLine.closing.say()
        try await store.close()
        for lane in state.last.indices { acknowledge(lane, state.last[lane] + UInt64(shape.round)) }
        TrialLine.closed.say()
      }
      if order.staysOpen { while true { pause() } }
    }
  }

  private func write(_ store: any TrialStore, _ state: TrialState, _ generation: UInt64, _ shape: Shape) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      let writing = Locked(order.script.lanes)
      for (number, last) in state.last.enumerated() {
        tasks.addTask {
          defer { writing.withLock { $0 -= 1 } }
          try await write(store, .init(number: number, generation: generation), from: last + 1, shape)
        }
      }
      if shape.reads {
        tasks.addTask { while writing.withLock({ $0 }) > 0 { _ = try await store.rows() } }
      }
      try await tasks.waitForAll()
    }
  }

  private func write(
    _ store: any TrialStore, _ lane: TrialScript.Lane, from first: UInt64, _ shape: Shape
  ) async throws {
    var next = first
    let end = first + UInt64(shape.round)
    var random = SeededGenerator(seed: order.run ^ first << 8 ^ UInt64(lane.number))
    while next < end {
      let count = min(UInt64.random(in: 1...UInt64(shape.group), using: &random), end - next)
      let batches = (next..<next + count).map { order.script.ops($0, of: lane) }
      next += count
      let full = shape.fullEvery.map { random.next() % $0 == 0 } ?? false
      TrialLine.began(lane: lane.number, batch: next - 1, full: full).say()
      // Closing commits what was posted, and acknowledges it.
      if next == end && !full {
        try await store.post(batches)
      } else {
        try await store.write(batches, full: full)
        TrialLine.acknowledged(lane: lane.number, batch: next - 1, full: full).say()
      }
      await Task.yield()
    }
  }

  private func acknowledge(_ lane: Int, _ batch: UInt64) {
    TrialLine.acknowledged(lane: lane, batch: batch, full: false).say()
  }
}
