import Foundation
import PersistencyCore

extension FacadeRun {
  /// What giving space back adds to the p99 of the acknowledged puts of a writer beside it.
  mutating func reclaim(_ engine: EngineChoice) async throws {
    guard try engine.engine(settings).capabilities.maintenance.contains(.reclaim) else { return }
    try await reclaim(engine, "reclaim beside a writer, p99 of its puts", in: folder(engine))
    guard engine == .sqlite else { return }
    // Files of ours have no incremental vacuum; those of others may.
    let folder = try folder(engine)
    if Self.makeIncremental(folder + "/a.db") {
      try await reclaim(engine, "reclaim by incremental vacuum, p99 of puts", in: folder)
    }
  }

  private mutating func reclaim(_ engine: EngineChoice, _ name: String, in folder: String) async throws {
    let jobs = try Persistency(rootDirectory: folder, engines: [try engine.engine(settings)])
    let job = try await jobs.openJob("a", options: JobOptions(durability: engine.durability(settings)))
    var (alone, beside, given) = (PutTimes(), PutTimes(), 0)
    for _ in 0..<settings.rounds {
      try await fill(job)
      try await alone.puts(into: job, atLeast: 2_000) { true }
      try await job.apply([.deleteRange(category: "full", range: .all)])
      let isDone = Locked(false)
      let reclaiming = Task {
        defer { isDone.withLock { $0 = true } }
        return try await jobs.reclaimJob("a", budget: .seconds(60))
      }
      // From its beginning to its end; a 99th percentile of fewer would be the longest of them.
      try await beside.puts(into: job, atLeast: 500) { isDone.withLock { $0 } }
      given += try await reclaiming.value
    }
    try await jobs.close()
    let (before, after) = (alone.milliseconds(0.99), beside.milliseconds(0.99))
    report(
      engine, name, max(0, after - before), "ms more", .atMost(50),
      "\(formatted(before, 3)) ms alone, \(formatted(after, 3)) beside, the longest of \(beside.count) "
        + "\(formatted(beside.milliseconds(1), 1)); \(bytes(given)) given back")
  }

  private func fill(_ job: Job) async throws {
    var random = SystemRandomNumberGenerator()
    for start in stride(from: 0, to: data.rows, by: 1_000) {
      try await job.apply(
        (start..<min(start + 1_000, data.rows)).map { number in
          let payload = (0..<13).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
          return .put(category: "full", key: Key(Int64(number)), payload: payload)
        })
    }
  }

  /// Makes a file as the original would have with `auto_vacuum`; false where there is no `sqlite3` to make it.
  private static func makeIncremental(_ path: String) -> Bool {
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let schema =
      "CREATE TABLE kv (category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (category, key)) WITHOUT ROWID"
    shell.arguments = ["sqlite3", path, "PRAGMA auto_vacuum = INCREMENTAL; \(schema); PRAGMA user_version = 1;"]
    shell.standardError = FileHandle.nullDevice
    guard (try? shell.run()) != nil else { return false }
    shell.waitUntilExit()
    return shell.terminationStatus == 0
  }
}

/// How long each put of a writer took.
private struct PutTimes {
  private var times: [Duration] = []

  var count: Int { times.count }

  /// Puts one after the other, until there are so many and `isEnough`.
  mutating func puts(into job: Job, atLeast least: Int, until isEnough: () -> Bool) async throws {
    var made = 0
    while made < least || !isEnough() {
      let began = ContinuousClock.now
      try await job.put(category: "put", key: Key(Int64(made % 10_000)), payload: [UInt8](repeating: 7, count: 100))
      times.append(.now - began)
      made += 1
    }
  }

  /// The time that a share of the puts took at most.
  func milliseconds(_ share: Double) -> Double {
    let sorted = times.sorted()
    guard let last = sorted.indices.last else { return 0 }
    return sorted[min(last, Int(Double(sorted.count) * share))] / .milliseconds(1)
  }
}
