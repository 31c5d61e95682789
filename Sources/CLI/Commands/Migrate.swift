import ArgumentParser
import PersistencyCore

struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Move a job to another engine; its old store is kept until it is discarded.",
    discussion: """
      The job must not be open. Until all rows are there, proved by digest, it stays on its old engine; interrupted or killed and run again, \
      only what differs is moved.

      EXAMPLE
        persistency migrate chat --engine lmdb && persistency check chat && persistency discard chat --yes
      """)

  @OptionGroup var root: RootArguments
  @Option(help: "The engine to move to: sqlite, lmdb, rocks or postgres.", completion: .engine)
  var engine: String
  @Argument(completion: .job) var job: String

  func run() async throws {
    let engine = try root.engines.storedNamed(self.engine)
    Interrupt.leaves(
      "job \(job) is on its old engine, as it was: the same command goes on where it stopped, `persistency discard \(job)` removes what it made"
    )
    let bar = ProgressBar("migrating")
    let digest = try await root.withJobs { jobs in
      defer { bar.clear() }
      return try await jobs.migrateJob(job, to: engine, progress: bar.handler)
    }
    if root.json { return try Output.json(DigestJSON(digest, engine: engine.name)) }
    Output.line(
      "\(digest.rows) rows of \(job) are on \(engine.name) now; its old store is kept until `persistency discard \(job)`"
    )
  }
}
