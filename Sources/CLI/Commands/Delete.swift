import ArgumentParser
import PersistencyCore

struct Delete: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove a row, and say whether it was there.",
    discussion: """
      EXAMPLE
        persistency delete chat msg '"general",i:1'
      """)

  @OptionGroup var root: RootArguments
  @Argument(completion: .job) var job: String
  @Argument var category: String
  @Argument var key: String

  func run() async throws {
    let key = try KeyText.key(self.key)
    let wasThere = try await root.withJob(job, access: .readWrite) {
      try await $0.delete(category: category, key: key, durability: .full)
    }
    if root.json { return try Output.json(["deleted": wasThere]) }
    Output.line(wasThere ? "deleted" : "was not there")
  }
}
