import CYardsticks
import PersistencyCore

// Single puts through a job, beside the batches that they should come near to and the commits that they save.

extension FacadeRun {
  /// Puts that nobody waits for, until the last is committed.
  mutating func fireAndForget(_ engine: EngineChoice, random: Bool) async throws {
    let order = random ? Array(data.order(0, of: data.rows)) : Array(0..<data.rows)
    let (batches, singles) = (try await alone(engine), try await alone(engine))
    let (one, eight) = (try await job(engine), try await job(engine))
    var caller: [Double] = []
    var race = Race<PutPortion>([
      .init(name: "batches") { portion, notes in
        try await .timing(portion.puts.count) { try await batches.put(portion.whole, notes) }
      },
      .init(name: "singles") { portion, notes in try await Self.singles(portion, notes, singles) },
      .init(name: "1 task") { portion, _ in
        try await .timing(portion.puts.count) {
          let queued = try await one.fireAndForget(portion.puts[...], tasks: 1)
          caller.append(Double(queued) / 1000 / Double(portion.puts.count))
        }
      },
      .init(name: "8 tasks") { portion, _ in
        try await .timing(portion.puts.count) { _ = try await eight.fireAndForget(portion.puts[...], tasks: 8) }
      },
    ])
    // Half of the queue's bound at most: what the caller pays is not what it waits for.
    let most = (8 << 20) / (settings.keySize + settings.payloadSize + 200)
    let portion = max(1, min(data.rows / 5, most))
    let done = try await race.run(data.rows, each: portion, seconds: settings.secondsPerPass * 4) { range in
      PutPortion(range.map { order[$0] }, batch: 1000, data)
    }
    let kind = random ? "random" : "sequential"
    try await prove(
      [batches, singles, one, eight], hold: order[..<done].sorted(), "\(engine.rawValue) fire and forget, \(kind)")
    for name in ["1 task", "8 tasks"] {
      report(
        engine, "fire-and-forget puts, \(kind), \(name)", race.ratio(of: "batches", to: name), "×", .atLeast(0.6),
        "of batches of 1,000; \(multiple(race, name)), \(rate(race.opsPerSecond(of: name)))/s")
    }
    report(engine, "caller, a fire-and-forget put, \(kind)", median(caller), "µs", .atMost(0.5))
    for subject in [batches, singles, one, eight] as [any Subject] { try await subject.close() }
  }

  /// Puts whose commit their task awaits before it makes the next.
  mutating func acknowledged(_ engine: EngineChoice) async throws {
    let order = Array(data.order(0, of: data.rows))
    let (batches, singles) = (try await alone(engine), try await alone(engine))
    let (one, sixteen, many) = (try await job(engine), try await job(engine), try await job(engine))
    var race = Race<PutPortion>([
      .init(name: "batches") { portion, notes in
        try await .timing(portion.puts.count) { try await batches.put(portion.whole, notes) }
      },
      .init(name: "singles") { portion, notes in try await Self.singles(portion, notes, singles) },
      .init(name: "1 task") { portion, notes in try await Self.few(portion, notes, one, tasks: 1) },
      .init(name: "16 tasks") { portion, notes in try await Self.few(portion, notes, sixteen, tasks: 16) },
      .init(name: "256 tasks") { portion, notes in
        try await .timing(portion.puts.count) { try await many.acknowledge(portion.puts[...], tasks: 256, notes) }
      },
    ])
    let done = try await race.run(data.rows, each: 256 * 40, seconds: settings.secondsPerPass * 4) { range in
      PutPortion(range.map { order[$0] }, batch: 256, data)
    }
    try await prove(
      [batches, singles, one, sixteen, many], hold: order[..<done].sorted(), "\(engine.rawValue) acknowledged puts")
    for (name, bound) in [("1 task", Figure.Bound.none), ("16 tasks", .none), ("256 tasks", .atLeast(0.6))] {
      report(
        engine, "acknowledged puts, random, \(name)", race.ratio(of: "batches", to: name), "×", bound,
        "of batches of 256; \(multiple(race, name)), \(rate(race.opsPerSecond(of: name)))/s, p99 "
          + "\(time(race.latency(of: name, at: 99))) µs")
    }
    let (lone, alone) = (race.latency(of: "1 task", at: 50), race.latency(of: "singles", at: 50))
    report(
      engine, "lone acknowledged put, p50, above the engine's", lone - alone, "µs", .atMost(40),
      "\(time(lone)) µs, alone \(time(alone)) µs")
    for subject in [batches, singles, one, sixteen, many] as [any Subject] { try await subject.close() }
  }

  // MARK: Entrants

  private static func singles(
    _ portion: PutPortion, _ notes: Notes, _ subject: any Subject
  ) async throws -> Sample {
    let sample = try await Sample.timing(portion.head.count) { try await subject.put(portion.head, notes) }
    let kept = notes.latencies.count
    try await subject.put(portion.tail, notes)
    notes.latencies.count = kept
    return sample
  }

  private static func few(
    _ portion: PutPortion, _ notes: Notes, _ subject: JobSubject, tasks: Int
  ) async throws -> Sample {
    let sample = try await Sample.timing(portion.head.count) {
      try await subject.acknowledge(portion.headPuts, tasks: tasks, notes)
    }
    let kept = notes.latencies.count
    try await subject.put(portion.tail, notes)
    notes.latencies.count = kept
    return sample
  }

  private func multiple(_ race: Race<PutPortion>, _ name: String) -> String {
    "\(Figure.text(race.ratio(of: "singles", to: name) ?? 0)) × one put a commit"
  }
}
