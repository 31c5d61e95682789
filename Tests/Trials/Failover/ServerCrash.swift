import ArgumentParser
import Foundation
import Logging
import PersistencyConformance
import PersistencyCore
import PersistencyPostgres

struct ServerCrash: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Kill a whole PostgreSQL server with -9 under four writers, start it again, and look at what it has. Run by scripts/throwaway-postgres."
  )

  @Option(help: "Kills per level.")
  var cycles = 30
  @Option(help: "Draws everything but the scheduling; by default the time decides.")
  var seed: UInt64 = UInt64(Date().timeIntervalSince1970)

  func run() async throws {
    // What it would say is what is done to it here.
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
    guard let connection = ProcessInfo.processInfo.environment["PERSISTENCY_POSTGRES"],
      let host = connection.split(separator: " ").first(where: { $0.hasPrefix("host=/") })
    else {
      throw ValidationError("run it as scripts/throwaway-postgres run \(CommandLine.arguments[0]) server-crash")
    }
    let folder = String(host.dropFirst("host=".count))
    var random = SeededGenerator(seed: seed)
    var (killed, acknowledged, lost, torn) = (0, 0, 0, 0)
    for durability in [Durability.full, .consistent] {
      let trial = ServerCrashTrial(connection: connection, folder: folder, durability: durability, seed: seed)
      let report = try await trial.run(cycles: cycles, &random)
      print(
        "\(durability.rawValue): \(report.cycles) kills, acked \(report.acknowledged), lost \(report.lost), torn \(report.findings.count), "
          + "taken back \(report.takenBack)")
      for finding in report.findings { print("  \(finding)") }
      killed += report.cycles
      acknowledged += report.acknowledged
      lost += report.lost
      torn += report.findings.count
    }
    print("server-crash: cycles=\(killed) acked=\(acknowledged) lost=\(lost) torn=\(torn) seed=\(seed)")
    if lost + torn > 0 { throw ExitCode(1) }
  }
}

/// Four writers at one level, and a server that is killed under them again and again.
///
/// What a process has handed to the kernel outlives the process: whether the server flushes makes no difference here, and the power of its
/// disk is another trial's.
struct ServerCrashTrial {
  let connection: String
  let folder: String
  let durability: Durability
  let seed: UInt64

  struct Report {
    var cycles = 0
    var acknowledged = 0
    /// Acknowledged at `.full`, and not there.
    var lost = 0
    /// Acknowledged below `.full`, and not there, as is allowed: the last ones only, and the job refused until it was opened again.
    var takenBack = 0
    /// All else that is not as promised.
    var findings: [String] = []
  }

  func run(cycles: Int, _ random: inout SeededGenerator) async throws -> Report {
    let script = ServerScript("throwaway-postgres")
    let jobs = try instance()
    let writers = (0..<4).map {
      BatchWriter($0, in: jobs, JobOptions(durability: durability), seed: seed, refused: .opensAgain)
    }
    let stop = TrialFlag()
    var report = Report()
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { stop.set() }
      for writer in writers { group.addTask { await writer.run(until: stop) } }
      for _ in 0..<cycles {
        guard try await goOn(writers) else {
          report.findings.append("not every writer went on within 60 s")
          break
        }
        try await Task.sleep(for: .milliseconds(Int(random.next() % 400)))
        try await script("kill", folder)
        try await Task.sleep(for: .milliseconds(Int(random.next() % 200)))
        try await script("again", folder)
        report.cycles += 1
      }
      if try await !goOn(writers) { report.findings.append("not every writer went on after the last kill") }
      stop.set()
    }
    try? await jobs.close()
    try await verify(writers, &report)
    return report
  }

  private func instance() throws -> Persistency {
    let root = FileManager.default.temporaryDirectory.path + "/persistency-server-crash-\(UUID().uuidString)"
    let options = PostgresOptions(namespace: durability.rawValue, warnsWithoutStandby: false)
    return try Persistency(
      rootDirectory: root, engines: [try .postgres(connection: connection, options: options)])
  }

  /// Waits until each writer has a few batches more.
  private func goOn(_ writers: [BatchWriter]) async throws -> Bool {
    let before = writers.map { $0.progress }
    let end = ContinuousClock.now + .seconds(60)
    while zip(writers, before).contains(where: { $0.progress < $1 + 5 }) {
      if .now > end { return false }
      try await Task.sleep(for: .milliseconds(10))
    }
    return true
  }

  private func verify(_ writers: [BatchWriter], _ report: inout Report) async throws {
    let jobs = try instance()
    for writer in writers {
      let account = writer.now
      report.acknowledged += account.acknowledged
      report.takenBack += account.takenBack
      report.findings += account.findings
      let job = try await jobs.openJob(writer.id, options: JobOptions(access: .readOnly))
      let (lost, _, faults) = try await writer.examine(job)
      report.lost += lost
      report.findings += faults
    }
    try await jobs.close()
  }
}
