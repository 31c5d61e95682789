import ArgumentParser
import PersistencyCore

struct Backup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a consistent copy of a job, by its engine's own means, into another root directory.",
    discussion: """
      Also beside a process that writes the job. The copy is a job there: look at it with --root, restore it by copying its files back.

      EXAMPLE
        persistency backup chat /backups/today && persistency check chat --root /backups/today
      """)

  @OptionGroup var root: RootArguments
  @Argument(completion: .job) var job: String
  @Argument(help: "The root directory to write into; made when there is none.", completion: .directory)
  var directory: String

  func run() async throws {
    Interrupt.leaves(
      "job \(job) in \(directory) is half made at most, and no job: `persistency drop \(job) --root \(directory)` removes what there is"
    )
    let bytes = try await root.withJobs { try await $0.backupJob(job, to: directory) }
    if root.json { return try Output.json(["bytesOnDisk": bytes]) }
    Output.line("\(job) is in \(directory), \(readable(bytes: bytes))")
  }
}
