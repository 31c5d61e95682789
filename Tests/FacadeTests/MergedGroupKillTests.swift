import Foundation
import PersistencyCore
import TestSupport
import Testing

// Each round writes in a process of its own, which is killed as `kill -9` does.
@Suite("A process killed in the middle of merged groups")
struct MergedGroupKillTests {
  private static let tasks = 8
  private static let rounds = 8

  @Test(
    "leaves whole batches only, all that were acknowledged, and of each task an unbroken beginning",
    .timeLimit(.minutes(10)), arguments: Engine.stored.map(\.name))
  func wholeBatches(_ name: String) async throws {
    let engine = try #require(Engine.stored.first { $0.name == name })
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      for round in 0..<Self.rounds {
        await #expect(processExitsWith: .signal(SIGKILL)) {
          [root = root as String, name = name as String, round = round as Int] in
          try await Self.writeUntilKilled(root, name, round)
        }
        let jobs = try Persistency(rootDirectory: root, engines: [engine])
        let job = try await jobs.openJob("job")
        let written = try await Self.batches(of: job, round)
        for (task, acknowledged) in try Self.acknowledged(root, round).enumerated() {
          #expect(written[task] >= acknowledged, "round \(round): task \(task) was told of \(acknowledged) batches")
        }
        #expect(written.contains { $0 > 0 }, "round \(round) wrote nothing")
        // What an earlier round has left is what it has left.
        for earlier in 0..<round { _ = try await Self.batches(of: job, earlier) }
        try await jobs.close()
      }
    }
  }

  /// Eight tasks write as fast as they can, each every fourth batch acknowledged; the process ends in some merged group.
  private static func writeUntilKilled(_ root: String, _ name: String, _ round: Int) async throws {
    guard let engine = Engine.stored.first(where: { $0.name == name }) else { return }
    let killer = Killer(group: 2 + round * 3, microseconds: UInt32.random(in: 0..<400))
    let jobs = try Persistency(rootDirectory: root, engines: [engine.killing(killer)])
    let job = try await jobs.openJob("job", options: JobOptions(queueBytes: 200_000))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<tasks {
        group.addTask {
          let told = try Told(path: toldPath(root, round, task))
          for number in 0..<1_000_000 {
            let ops = batch(round, task, number)
            if number % 4 == 3 {
              try await job.apply(ops)
              told.note(number + 1)
            } else {
              try await job.persist(ops)
            }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Rows in three categories, the same number in each; the last tells how far the task has come.
  private static func batch(_ round: Int, _ task: Int, _ number: Int) -> [TxOp] {
    let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 100 + number % 7 * 300)
    return [
      .put(category: "a", key: Key(round, task, number), payload: payload),
      .put(category: "b", key: Key(round, task, number), payload: payload),
      .put(category: "last", key: Key(round, task), payload: Array("\(number)".utf8)),
    ]
  }

  /// How many batches of each task are there; an issue when one is torn or missing before another.
  private static func batches(of job: Job, _ round: Int) async throws -> [Int] {
    var counts: [Int] = []
    for task in 0..<tasks {
      let range = KeyRange(prefix: Key(round, task))
      let rows = try await job.scan(category: "a", range: range)
      for (number, row) in rows.enumerated() {
        guard case .put(_, let key, let payload) = batch(round, task, number)[0] else { continue }
        #expect(row.key == key && row.payload == payload, "round \(round): not batch \(number) of task \(task)")
      }
      let same = try await job.scan(category: "b", range: range) == rows
      #expect(same, "round \(round): a batch of task \(task) is torn")
      let last = try await job.get(category: "last", key: Key(round, task)).map { String(decoding: $0, as: UTF8.self) }
      let wanted = rows.isEmpty ? nil : "\(rows.count - 1)"
      #expect(last == wanted, "round \(round): the last batch of task \(task) is torn")
      counts.append(rows.count)
    }
    return counts
  }

  private static func toldPath(_ root: String, _ round: Int, _ task: Int) -> String {
    "\(root)/told-\(round)-\(task)"
  }

  /// How many batches each task was told of.
  private static func acknowledged(_ root: String, _ round: Int) throws -> [Int] {
    try (0..<tasks).map { task in
      // On a busy machine a task may not have begun.
      let path = toldPath(root, round, task)
      guard FileManager.default.fileExists(atPath: path) else { return 0 }
      return try Data(contentsOf: URL(fileURLWithPath: path)).count / 8 * 4
    }
  }
}

/// Eight bytes in a file for each acknowledged batch; what `write` took survives the process.
private struct Told: ~Copyable {
  private let descriptor: Int32

  init(path: String) throws {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
  }

  deinit { close(descriptor) }

  func note(_ number: Int) {
    withUnsafeBytes(of: number) { bytes in
      let count = write(descriptor, bytes.baseAddress, bytes.count)
      #expect(count == bytes.count)
    }
  }
}

/// Kills this process a moment after a merged group has begun.
private final class Killer: Sendable {
  private let left: Locked<Int>
  private let microseconds: UInt32

  init(group: Int, microseconds: UInt32) {
    left = Locked(group)
    self.microseconds = microseconds
  }

  func groupBegins(_ batches: Int) {
    guard batches > 1 else { return }
    let isLast = left.withLock { left in
      left -= 1
      return left == 0
    }
    guard isLast else { return }
    let microseconds = self.microseconds
    Thread.detachNewThread {
      usleep(microseconds)
      kill(getpid(), SIGKILL)
    }
  }
}

/// A store whose process dies in one of its groups.
private final class KillingBackend: KvBackend {
  private let store: any KvBackend
  private let killer: Killer

  init(_ store: any KvBackend, _ killer: Killer) { (self.store, self.killer) = (store, killer) }

  var limits: BackendLimits { store.limits }

  func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    killer.groupBegins(batches.count)
    return store.applyGroup(batches, sync: sync)
  }

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) { try store.applyOps(ops) }
  func importRows(_ rows: [RawRow]) throws(PersistencyError) { try store.importRows(rows) }

  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try store.deleteOne(category: category, key: key)
  }

  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try store.getOne(category: category, key: key)
  }

  func visitRange(
    category: String, range: KeyRange, reverse: Bool, _ visit: (RawSpan, RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try store.visitRange(category: category, range: range, reverse: reverse, visit)
  }

  func visitAll(_ visit: (RawSpan, RawSpan, RawSpan) throws(PersistencyError) -> Visit) throws(PersistencyError) {
    try store.visitAll(visit)
  }

  func categories() throws(PersistencyError) -> [String] { try store.categories() }
  func close() { store.close() }
}

extension Engine {
  fileprivate func killing(_ killer: Killer) -> Engine {
    wrapping { KillingBackend($0, killer) }
  }
}
