import ArgumentParser
import PersistencyCore

struct Categories: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the categories of a job, by their bytes.",
    discussion: """
      EXAMPLE
        persistency categories chat
      """)

  @OptionGroup var root: RootArguments
  @Argument(completion: .job) var job: String

  func run() async throws {
    let categories = try await root.withJob(job, access: .readOnly) { try await CategoryNames.of($0) }
    for category in categories {
      if root.json {
        try Output.json(["category": BytesJSON(category)])
      } else {
        Output.line(KeyText.shown(category))
      }
    }
  }
}

/// The categories of a job by their bytes, those that are not UTF-8 too.
enum CategoryNames {
  static func of(_ job: Job) async throws -> [[UInt8]] {
    do {
      return try await job.categories().map { Array($0.utf8) }
    } catch {
      // One of them may not be UTF-8. A visit of every row has them all, and fails where the store is truly damaged.
      guard error.kind == .corrupted else { throw error }
    }
    var categories: [[UInt8]] = []
    try await job.visitAll { category, _, _ in
      let isNew = category.withUnsafeBytes { bytes in categories.last.map { !$0.elementsEqual(bytes) } ?? true }
      if isNew { categories.append([UInt8](copying: category)) }
      return .next
    }
    return categories
  }
}
