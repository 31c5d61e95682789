import ArgumentParser
import PersistencyCore

struct Count: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Count the rows of a category, or of every category.",
    discussion: """
      EXAMPLES
        persistency count chat
        persistency count chat msg --prefix '"general"'
      """)

  @OptionGroup var root: RootArguments
  @OptionGroup var keys: RangeArguments
  @Argument(completion: .job) var job: String
  @Argument var category: String?

  private struct CountJSON: Encodable {
    var total: Int
    var categories: [String: Int]
  }

  func run() async throws {
    let range = try keys.range()
    if category == nil && !keys.isEverything {
      throw PersistencyError(
        .invalidArgument, "--prefix, --start and --stop are about the keys of a category; name one")
    }
    let counts: [(name: [UInt8], rows: Int)] = try await root.withJobs { jobs in
      if let category {
        let job = try await jobs.openJob(job, options: JobOptions(access: .readOnly, createIfMissing: false))
        return [(Array(category.utf8), try await job.count(category: category, range: range))]
      }
      let bar = ProgressBar("counting")
      defer { bar.clear() }
      return try await jobs.statJob(job, progress: bar.handler).categories.map { ($0.category, $0.rows) }
    }
    let total = counts.reduce(0) { $0 + $1.rows }
    if root.json {
      let named = counts.map { (String(validating: $0.name, as: UTF8.self) ?? KeyText.shown($0.name), $0.rows) }
      return try Output.json(CountJSON(total: total, categories: Dictionary(named, uniquingKeysWith: +)))
    }
    if category == nil {
      for count in counts { Output.line("\(KeyText.shown(count.name))\t\(count.rows)") }
    }
    Output.line(category == nil ? "total\t\(total)" : "\(total)")
  }
}
