import ArgumentParser
import PersistencyCore

struct Drop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove a job with all its rows, and what copies and migrations left half-made under its id.",
    discussion: """
      EXAMPLE
        persistency drop chat --yes
      """)

  @OptionGroup var root: RootArguments
  @OptionGroup var confirmation: Confirmation
  @Argument(completion: .job) var job: String

  func run() async throws {
    try await root.withJobs { jobs in
      if !confirmation.yes {
        let stored = try jobs.storedJobs().first { $0.id.utf8.elementsEqual(job.utf8) }
        let what = stored.map { " on \($0.engine), \(readable(bytes: $0.bytesOnDisk))" } ?? ""
        try confirmation.ask("Drop job \(job)\(what)?")
      }
      try await jobs.dropJob(job)
    }
    if root.json { return try Output.json(["dropped": job]) }
    Output.line("job \(job) dropped")
  }
}
