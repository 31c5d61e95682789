import ArgumentParser
import PersistencyCore

struct Scan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the rows of a category in key order, a key and a payload a line.")

  @OptionGroup var root: RootArguments
  @Option(help: "Only keys that begin with this KEY.")
  var prefix: String?
  @Flag(help: "From the last key to the first.")
  var reverse = false
  @Option(help: "At most so many rows.")
  var limit: Int?
  @Argument var job: String
  @Argument var category: String

  func run() async throws {
    let range = KeyRange(prefix: try prefix.map(KeyText.key) ?? Key())
    if let limit, limit < 0 { throw PersistencyError(.invalidArgument, "--limit \(limit); give 0 or more") }
    try await root.withJob(job, access: .readOnly) { job in
      var count = 0
      var isFirst = true
      if root.json { Output.write(Array("[".utf8)) }
      if limit != 0 {
        for try await row in job.rows(category: category, range: range, reverse: reverse) {
          if root.json {
            Output.write(Array((isFirst ? "\n" : ",\n").utf8))
            try Output.json(RowJSON(row))
          } else {
            Output.line("\(KeyText.shown(row.key))\t\(KeyText.shown(row.payload))")
          }
          isFirst = false
          count += 1
          if count == limit { break }
        }
      }
      if root.json { Output.line("]") }
    }
  }
}
