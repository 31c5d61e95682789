import ArgumentParser
import PersistencyCore

struct DeleteRange: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove all rows of a range, as one transaction, and say how many.",
    discussion: """
      Without --prefix, --start and --stop it is the whole category.

      EXAMPLES
        persistency delete-range chat msg --prefix '"general"'
        persistency delete-range chat log --stop '"2026",i:0' --yes
      """)

  @OptionGroup var root: RootArguments
  @OptionGroup var keys: RangeArguments
  @OptionGroup var confirmation: Confirmation
  @Argument(completion: .job) var job: String
  @Argument var category: String

  func run() async throws {
    let range = try keys.range()
    // Asked before the job is opened: nobody should wait for its lock while somebody thinks.
    if !confirmation.yes {
      let rows = try await root.withJob(job, access: .readOnly) {
        try await $0.count(category: category, range: range)
      }
      try confirmation.ask("Delete \(rows) rows of category \(category) in job \(job)?")
    }
    let rows = try await root.withJob(job, access: .readWrite) { job in
      // Nobody else writes: the lock is ours.
      let rows = try await job.count(category: category, range: range)
      try await job.apply([.deleteRange(category: category, range: range)], durability: .full)
      return rows
    }
    if root.json { return try Output.json(["deleted": rows]) }
    Output.line("\(rows) rows deleted")
  }
}
