import ArgumentParser
import PersistencyCore

struct Copy: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copy a job, as it is now, to a new job, on any engine; proved by digest.")

  @OptionGroup var root: RootArguments
  @Option(help: "The engine of the new job: sqlite, lmdb or rocks.")
  var engine: String
  @Argument var job: String
  @Argument(help: "The id of the new job; it must not be stored yet.")
  var newJob: String

  func run() async throws {
    let engine = try Engine.named(self.engine)
    if !engine.capabilities.persistent {
      throw PersistencyError(.invalidArgument, "engine \(engine.name) keeps nothing after this command")
    }
    let digest = try await root.withJobs { jobs in
      let source = try await jobs.openJob(job, options: JobOptions(access: .readOnly, createIfMissing: false))
      return try await JobCopy(jobs: jobs, source: source).run(to: newJob, engine: engine)
    }
    if root.json {
      struct CopyJSON: Encodable {
        var rows: Int
        var sha256: String
        var engine: String
      }
      return try Output.json(CopyJSON(rows: digest.rows, sha256: digest.hex, engine: engine.name))
    }
    Output.line("\(digest.rows) rows copied to \(newJob) on \(engine.name), sha256 \(digest.hex)")
  }
}
