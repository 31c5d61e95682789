import ArgumentParser
import PersistencyCore

struct Count: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Count the rows of a category, or of every category.")

  @OptionGroup var root: RootArguments
  @Argument var job: String
  @Argument var category: String?

  func run() async throws {
    let counts: [CategoryCount] = try await root.withJob(job, access: .readOnly) { job in
      guard let category else { return try await Self.countAll(job) }
      return [CategoryCount(category: Array(category.utf8), rows: try await job.count(category: category))]
    }
    let total = counts.reduce(0) { $0 + $1.rows }
    if root.json {
      struct CountJSON: Encodable {
        var total: Int
        var categories: [String: Int]
      }
      let named = counts.map { ($0.name, $0.rows) }
      return try Output.json(
        CountJSON(total: total, categories: Dictionary(named, uniquingKeysWith: { $0 + $1 })))
    }
    if category == nil {
      for count in counts { Output.line("\(count.shown)\t\(count.rows)") }
    }
    Output.line(category == nil ? "total\t\(total)" : "\(total)")
  }

  /// The rows of every category, by the categories' bytes.
  private static func countAll(_ job: Job) async throws -> [CategoryCount] {
    do {
      var counts: [CategoryCount] = []
      for category in try await job.categories() {
        counts.append(CategoryCount(category: Array(category.utf8), rows: try await job.count(category: category)))
      }
      return counts
    } catch {
      // One of them may not be UTF-8, so that no name asks for it. A visit of every row has them all, and fails where
      // the store is truly damaged.
      guard error.kind == .corrupted else { throw error }
    }
    return try await countByVisit(job)
  }

  private static func countByVisit(_ job: Job) async throws -> [CategoryCount] {
    var counts: [CategoryCount] = []
    var current = CategoryCount(category: [], rows: 0)
    try await job.visitAll { category, _, _ in
      let bytes = [UInt8](copying: category)
      if bytes != current.category {
        if current.rows > 0 { counts.append(current) }
        current = CategoryCount(category: bytes, rows: 0)
      }
      current.rows += 1
      return .next
    }
    if current.rows > 0 { counts.append(current) }
    return counts
  }
}

/// How many rows a category has, by its bytes.
private struct CategoryCount: Sendable {
  var category: [UInt8]
  var rows: Int

  var shown: String { KeyText.shown(category) }
  /// As it stands where it is text.
  var name: String { String(validating: category, as: UTF8.self) ?? shown }
}
