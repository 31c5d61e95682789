import ArgumentParser
import PersistencyCore

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Examine a job, and say in words whether it is sound; status 1 when it is not.",
    discussion: """
      Its manifest, its engine's own check, and every row: order, sizes, and that it can be read. Nothing is changed. Also beside a \
      process that has the job open.

      EXAMPLE
        persistency check chat
      """)

  @OptionGroup var root: RootArguments
  @Argument(completion: .job) var job: String

  private struct CheckJSON: Encodable {
    var job: String
    var engine: String
    var sound: Bool
    var rows: Int?
    var xxh64: String?
    var findings: [String]
    var notes: [String]
  }

  func run() async throws {
    let bar = ProgressBar("reading")
    let check = try await root.withJobs { jobs in
      defer { bar.clear() }
      return try await jobs.checkJob(job, progress: bar.handler)
    }
    if root.json {
      try Output.json(
        CheckJSON(
          job: check.id, engine: check.engine, sound: check.isSound, rows: check.digest?.rows,
          xxh64: check.digest?.hexadecimal, findings: check.findings.map(\.message), notes: check.notes))
    } else {
      for finding in check.findings { Output.line("found: \(finding.message)") }
      for note in check.notes { Output.line("note: \(note)") }
      let rows = check.digest.map { ", \($0.rows) rows" } ?? ""
      Output.line(
        check.isSound
          ? "\(job) on \(check.engine) is sound\(rows)"
          : "\(job) on \(check.engine) is damaged\(rows); restore it from a backup, or copy what can be read")
    }
    if !check.isSound { throw ExitCode(ExitStatus.negative.rawValue) }
  }
}
