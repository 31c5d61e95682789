import ArgumentParser
import PersistencyCore

struct Reclaim: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give the space that a job no longer needs back to the file system, and say how much.",
    discussion: """
      The job must not be open in another process: an application reclaims its open jobs itself (reclaimJob), beside its writers. What only a \
      compacting copy gives back, all of LMDB and the free pages of SQLite, needs the job closed, and room for the copy; this command makes it \
      where it is worth while.

      EXAMPLE
        persistency reclaim chat --seconds 60
      """)

  @OptionGroup var root: RootArguments
  @Option(help: "About how long the engine's steps may take.")
  var seconds = 3600
  @Argument(completion: .job) var job: String

  func run() async throws {
    if seconds < 0 { throw PersistencyError(.invalidArgument, "--seconds \(seconds); give 0 or more") }
    Interrupt.leaves("job \(job) is whole")
    let bar = ProgressBar("reading")
    let bytes = try await root.withJobs { jobs in
      defer { bar.clear() }
      return try await jobs.reclaimJob(job, budget: .seconds(seconds), progress: bar.handler)
    }
    if root.json { return try Output.json(["bytesGivenBack": bytes]) }
    Output.line(bytes == 0 ? "nothing to give back" : "\(readable(bytes: bytes)) given back")
  }
}
