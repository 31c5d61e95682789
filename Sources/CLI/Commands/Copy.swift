import ArgumentParser
import PersistencyCore

struct Copy: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copy a job, as it is at one moment, to a new job, on any engine; proved by digest.",
    discussion: """
      Also beside a process that writes the job. Interrupted or killed and run again, it moves only what differs.

      EXAMPLE
        persistency copy chat chat-2026 --engine rocks
      """)

  @OptionGroup var root: RootArguments
  @Option(help: "The engine of the new job: sqlite, lmdb, rocks or postgres; by default the same.", completion: .engine)
  var engine: String?
  @Argument(completion: .job) var job: String
  @Argument(help: "The id of the new job; it must not be stored yet.")
  var newJob: String

  func run() async throws {
    let engine = try self.engine.map(root.engines.storedNamed)
    Interrupt.leaves(
      "job \(newJob) is half made, and no job yet: the same command goes on where it stopped, `persistency drop \(newJob)` removes it"
    )
    let bar = ProgressBar("copying")
    let (digest, stored) = try await root.withJobs { jobs in
      defer { bar.clear() }
      let digest = try await jobs.copyJob(job, as: newJob, to: engine, progress: bar.handler)
      return (digest, try jobs.storedJobs().first { $0.id.utf8.elementsEqual(newJob.utf8) })
    }
    let name = stored?.engine ?? ""
    if root.json { return try Output.json(DigestJSON(digest, engine: name)) }
    Output.line("\(digest.rows) rows copied to \(newJob) on \(name), xxh64 \(digest.hexadecimal)")
  }
}

/// What was moved, in JSON.
struct DigestJSON: Encodable {
  var rows: Int
  var bytes: Int
  var xxh64: String
  var engine: String?

  init(_ digest: ContentDigest, engine: String? = nil) {
    (rows, bytes, xxh64, self.engine) = (digest.rows, digest.bytes, digest.hexadecimal, engine)
  }
}
