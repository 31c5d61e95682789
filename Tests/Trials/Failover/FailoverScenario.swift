import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyPostgres

/// One pair of servers, four writers and a reader, and what happens to them.
struct FailoverScenario {
  enum Kind: String, CaseIterable {
    /// The primary's processes are killed with -9 and the standby promoted; then the old primary is started again.
    case killed
    /// The primary's link goes down and the standby is promoted; then the link comes up again.
    case cutOff = "cut-off"
    /// The same, but so short that nobody's link is lost: two primaries, and the writers at the old one.
    case split
    /// No synchronous standby, and its link cut a second before the primary is killed: must show a loss.
    case control
  }

  let kind: Kind
  let seed: UInt64
  let script: ServerScript

  /// What came of it.
  struct Report {
    var acknowledged = 0
    var lost = 0
    /// The longest that a writer waited from one acknowledgement to the next.
    var gap = Duration.zero
    var unknown = 0
    /// How many writers were refused because the server had gone back, or as `.locked`.
    var refused = 0
    var reads = 0
    var findings: [String] = []
  }

  static let writers = 4

  func run() async throws -> Report {
    var random = SeededGenerator(seed: seed)
    try await script("servers", kind == .control ? "async" : "sync")
    let addresses = try await script("addresses").split(separator: " ")
    // The old primary first or last: what is tried first makes a difference once it is back.
    let hosts = random.next() % 4 == 0 ? [addresses[1], addresses[0]] : [addresses[0], addresses[1]]
    let connection = Self.connection(hosts.joined(separator: ","))
    let engine = try Self.engine(connection, deadline: kind == .split ? .seconds(6) : .seconds(30))
    let root = FileManager.default.temporaryDirectory.path + "/persistency-failover-\(UUID().uuidString)"
    let jobs = try Persistency(rootDirectory: root, engines: [engine])
    let writers = (0..<Self.writers).map {
      BatchWriter(
        $0, in: jobs, JobOptions(durability: .full), seed: seed, refused: kind == .control ? .stops : .opensAgain)
    }
    let stop = TrialFlag()
    var report = Report()
    var reader: FailoverReader?
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in writers { group.addTask { await writer.run(until: stop) } }
      defer { stop.set() }
      try await progress(of: writers, by: 20, within: 30, "to begin", &report)
      reader = try FailoverReader(connection, ids: writers.map(\.id))
      try await pause(&random, 300...1_500)
      switch kind {
      case .killed: try await failOver("kill", writers, &random, &report)
      case .cutOff: try await failOver("cut", writers, &random, &report)
      case .split: try await split(writers, &report)
      case .control: try await control(writers)
      }
      if kind == .killed || kind == .cutOff {
        try await oldPrimaryIsBack(connection, writers, &random, &report)
      }
      stop.set()
    }
    // It reads on until here: the new primary has to be what it sees.
    reader?.end(&report)
    try? await jobs.close()
    try await verify(writers, on: String(addresses[1]), &report)
    return report
  }

  // MARK: What happens

  /// The primary is gone, by `action`, and some time later the standby takes over.
  private func failOver(
    _ action: String, _ writers: [BatchWriter], _ random: inout SeededGenerator, _ report: inout Report
  ) async throws {
    try await script(action, "a")
    try await pause(&random, 0...1_000)
    try await script("promote", "b")
    try await progress(of: writers, by: 50, within: 60, "after the standby was promoted", &report)
  }

  private func split(_ writers: [BatchWriter], _ report: inout Report) async throws {
    try await script("cut", "a")
    try await script("promote", "b")
    try await script("heal", "a")
    // Past their deadline: their commits wait for a standby that is none any more.
    try await Task.sleep(for: .seconds(8))
    try await script("kill", "a")
    try await progress(of: writers, by: 50, within: 90, "after the old primary was ended", &report)
  }

  private func control(_ writers: [BatchWriter]) async throws {
    try await script("cut", "b")
    try await Task.sleep(for: .seconds(1))
    try await script("kill", "a")
    // Before its link is up: what the kernel of the dead one still has to send comes too late then.
    try await script("promote", "b")
    try await script("heal", "b")
    for _ in 0..<100 where !writers.allSatisfy({ !$0.now.refusals.isEmpty }) {
      try await Task.sleep(for: .milliseconds(100))
    }
    // The reader finds out as well.
    try await Task.sleep(for: .seconds(3))
  }

  /// The one from before the failover answers again: whoever connects anew must be refused there, or go to the new one.
  private func oldPrimaryIsBack(
    _ connection: String, _ writers: [BatchWriter], _ random: inout SeededGenerator, _ report: inout Report
  ) async throws {
    try await script(kind == .killed ? "again" : "heal", "a")
    for _ in 0..<3 {
      try await pause(&random, 200...600)
      // All have to connect anew, and find two primaries.
      try await script(
        "sql", "b",
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid<>pg_backend_pid() AND backend_type='client backend'"
      )
      try await progress(of: writers, by: 20, within: 60, "with the old primary back", &report)
    }
    // A process that knows nothing: what is acknowledged to it has to be on the new primary.
    let fresh = try FailoverChild.output("fresh", connection, ids: [writers[0].id])
    if fresh.contains("acknowledged") {
      let isThere =
        try await script("sql", "b", "SELECT count(*) FROM kv WHERE encode(category,'escape')='fresh'") == "1"
      if !isThere { report.findings.append("a fresh process was acknowledged what the new primary has not") }
    }
    if fresh.contains("opened") {
      report.findings.append("a fresh process opened a job for writing whose writer lives on the new primary")
    }
  }

  // MARK: Looking

  /// Waits until each writer has so many batches more.
  private func progress(
    of writers: [BatchWriter], by batches: Int, within seconds: Int, _ when: String, _ report: inout Report
  ) async throws {
    let before = writers.map { $0.now.acknowledged }
    let end = ContinuousClock.now + .seconds(seconds)
    while zip(writers, before).contains(where: { $0.now.acknowledged < $1 + batches }) {
      guard .now < end else {
        report.findings.append("not every writer went on within \(seconds) s, \(when)")
        return
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func pause(_ random: inout SeededGenerator, _ milliseconds: ClosedRange<Int>) async throws {
    try await Task.sleep(for: .milliseconds(Int.random(in: milliseconds, using: &random)))
  }

  /// What the new primary has, asked by itself alone.
  private func verify(_ writers: [BatchWriter], on address: String, _ report: inout Report) async throws {
    let root = FileManager.default.temporaryDirectory.path + "/persistency-failover-\(UUID().uuidString)"
    let jobs = try Persistency(rootDirectory: root, engines: [try Self.engine(Self.connection(address))])
    for writer in writers {
      let account = writer.now
      report.acknowledged += account.acknowledged
      report.gap = max(report.gap, account.gap)
      report.unknown += account.unknown
      report.refused += account.refusals.isEmpty ? 0 : 1
      report.findings += account.findings
      let job = try await jobs.openJob(writer.id, options: JobOptions(access: .readOnly))
      let (lost, head, faults) = try await writer.examine(job)
      report.lost += lost
      report.findings += faults
      // Of this namespace, which is empty: a zero, and the id.
      let ledger = try await script(
        "sql", "b", "SELECT seq FROM kv_jobs WHERE name='\\x00'::bytea||convert_to('\(writer.id)','UTF8')")
      if ledger != String(head) {
        report.findings.append("\(writer.id): the ledger is at \(ledger), and the last batch that is in is \(head)")
      }
    }
    try await jobs.close()
  }

  // MARK: Connecting

  static func connection(_ hosts: String) -> String {
    "host=\(hosts) user=kv dbname=postgres sslmode=disable target_session_attrs=read-write connect_timeout=2"
  }

  static func engine(_ connection: String, deadline: Duration = .seconds(30)) throws -> Engine {
    try .postgres(connection: connection, options: .init(deadline: deadline, warnsWithoutStandby: false))
  }
}
