import ArgumentParser
import PersistencyCore

struct Jobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the stored jobs: id, engine, rows, bytes on disk, durability, and who has them open.",
    discussion: """
      The columns are set apart by tabs. A job that was not closed cleanly says so; the next opening for writing mends that.

      EXAMPLES
        persistency jobs --root data
        persistency jobs --no-rows --json
      """)

  @OptionGroup var root: RootArguments
  @Flag(name: .customLong("no-rows"), help: "Do not count rows, which reads every job.")
  var skipsRows = false

  private struct JobJSON: Encodable {
    var id: String
    var engine: String
    var rows: Int?
    var bytesOnDisk: Int
    var durability: String?
    var state: String
    var process: Int?
    var superseded: String?
  }

  func run() async throws {
    try await root.withJobs { jobs in
      for job in try jobs.storedJobs() {
        let rows = skipsRows ? nil : await Self.rows(of: job.id, in: jobs)
        if root.json {
          try Output.json(
            JobJSON(
              id: job.id, engine: job.engine, rows: rows, bytesOnDisk: job.bytesOnDisk,
              durability: job.durability?.rawValue, state: job.use.rawValue, process: job.process,
              superseded: job.superseded))
        } else {
          Output.line(Self.line(job, rows: rows))
        }
      }
    }
  }

  /// Nil for a job that cannot be read now; the list goes on.
  private static func rows(of id: String, in jobs: Persistency) async -> Int? {
    try? await jobs.countJob(id)
  }

  private static func line(_ job: StoredJob, rows: Int?) -> String {
    var state = job.use.rawValue
    if let process = job.process { state += " in process \(process)" }
    if let superseded = job.superseded { state += ", keeps its store on \(superseded)" }
    return [
      KeyText.shown(Array(job.id.utf8)), job.engine, rows.map { "\($0) rows" } ?? "? rows",
      readable(bytes: job.bytesOnDisk), job.durability.map { ".\($0.rawValue)" } ?? "", state,
    ].joined(separator: "\t")
  }
}
