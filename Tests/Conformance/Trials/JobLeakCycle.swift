import PersistencyCore

/// A job opened, written in every way, read to the end and not to the end, failed, cancelled, and closed or dropped.
struct JobLeakCycle: LeakCycle {
  let order: TrialOrder
  let engine: Engine

  private struct Enough: Error {}

  func run(_ number: Int) async throws {
    var random = SeededGenerator(seed: order.run &+ UInt64(number))
    let jobs = try Persistency(rootDirectory: order.directory, engines: [engine])
    let job = try await jobs.openJob(
      "job \(random.next() % 3)", options: JobOptions(durability: .consistent, queueBytes: 4_096))
    for index in 0..<30 {
      try await job.persistPut(category: "c", key: Key(Int64(index)), payload: [UInt8](repeating: 7, count: 90))
    }
    try await job.apply([.put(category: "d", key: Key(), payload: [])])
    try await readAndBreakOff(job)
    try await fail(job)
    try await cancel(job)
    if engine.capabilities.persistent { try await failToOpen(jobs, job.id) }
    switch random.next() % 5 {
    case 0: try await jobs.dropJob(job.id)
    case 1: try await jobs.closeJob(job.id)
    // Closed with a queue that is full.
    case 2: for index in 0..<30 { try await job.persistPut(category: "e", key: Key(Int64(index)), payload: []) }
    default: break
    }
    try await jobs.close()
    try await expect(.closed, "a get after the close") { _ = try await job.get(category: "c", key: Key()) }
  }

  private func readAndBreakOff(_ job: Job) async throws {
    for try await row in job.rows(category: "c") where row.key == Key(Int64(2)) { break }
    try await job.visit(category: "c") { _, _ in .stop }
    do {
      try await job.visit(category: "c") { _, _ in throw Enough() }
    } catch is Enough {}
    _ = try await job.scan(category: "c", limit: 3)
    _ = try await job.update(category: "c", key: Key("counter")) { ($0 ?? []) + [1] }
  }

  private func fail(_ job: Job) async throws {
    try await expect(.conflict, "a failing expectation") {
      try await job.apply([.expect(category: "c", key: Key("none"), payload: [1])])
    }
    try await job.persist([.expect(category: "c", key: Key("none"), payload: [1])])
    try await expect(.conflict, "a flush after a failing write") { try await job.flush() }
  }

  private func cancel(_ job: Job) async throws {
    let writes = (0..<4).map { index in
      Task { try await job.put(category: "c", key: Key("cancelled", Int64(index)), payload: [1]) }
    }
    for write in writes { write.cancel() }
    for write in writes {
      do {
        try await write.value
      } catch let error as PersistencyError where error.kind == .cancelled {}
    }
  }

  private func failToOpen(_ jobs: Persistency, _ id: String) async throws {
    let others = try Persistency(rootDirectory: order.directory, engines: [engine])
    try await expect(.locked, "a second opening") { _ = try await others.openJob(id) }
    try await expect(.jobNotFound, "the opening of what is not there") {
      _ = try await others.openJob("missing", options: JobOptions(createIfMissing: false))
    }
    try await expect(.invalidArgument, "the opening with other options") {
      _ = try await jobs.openJob(id, options: JobOptions(durability: .full))
    }
    try await others.close()
  }
}
