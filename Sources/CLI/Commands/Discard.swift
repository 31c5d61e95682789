import ArgumentParser
import PersistencyCore

struct Discard: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove the store that a migration took the place of, and what one that was cut short left.",
    discussion: """
      EXAMPLE
        persistency discard chat --yes
      """)

  @OptionGroup var root: RootArguments
  @OptionGroup var confirmation: Confirmation
  @Argument(completion: .job) var job: String

  func run() async throws {
    try confirmation.ask("Discard the older store of job \(job)?")
    let bytes = try await root.withJobs { try await $0.discardSuperseded(job) }
    if root.json { return try Output.json(["bytesGivenBack": bytes]) }
    Output.line(bytes == 0 ? "nothing to discard" : "\(readable(bytes: bytes)) given back")
  }
}
