import ArgumentParser
import PersistencyCore

struct Count: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Count the rows of a category, or of every category.")

  @OptionGroup var root: RootArguments
  @Argument var job: String
  @Argument var category: String?

  func run() async throws {
    let counts = try await root.withJob(job, access: .readOnly) { job in
      var counts: [(String, Int)] = []
      let categories = if let category { [category] } else { try await job.categories() }
      for category in categories {
        counts.append((category, try await job.count(category: category)))
      }
      return counts
    }
    let total = counts.reduce(0) { $0 + $1.1 }
    if root.json {
      struct CountJSON: Encodable {
        var total: Int
        var categories: [String: Int]
      }
      return try Output.json(
        CountJSON(total: total, categories: Dictionary(counts, uniquingKeysWith: { $0 + $1 })))
    }
    if category == nil {
      for (name, count) in counts { Output.line("\(KeyText.shown(Array(name.utf8)))\t\(count)") }
    }
    Output.line(category == nil ? "total\t\(total)" : "\(total)")
  }
}
