import ArgumentParser
import PersistencyCore

struct Scan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the rows of a category in key order, a key and a payload a line.",
    discussion: """
      Keys are shown as typed parts where they decode, in a form that a KEY takes. Rows come in pages, each one state.

      EXAMPLES
        persistency scan chat msg --prefix '"general"' --limit 10
        persistency scan chat msg --reverse --start '"a"' --stop '"b"'
        persistency scan chat settings --payload json
      """)

  @OptionGroup var root: RootArguments
  @OptionGroup var keys: RangeArguments
  @Flag(help: "From the last key to the first.")
  var reverse = false
  @Option(help: "At most so many rows.")
  var limit: Int?
  @Option(help: "Show payloads as auto, text, hex, json or parts.")
  var payload = PayloadFormat.auto
  @Argument(completion: .job) var job: String
  @Argument var category: String

  func run() async throws {
    let range = try keys.range()
    if let limit, limit < 0 { throw PersistencyError(.invalidArgument, "--limit \(limit); give 0 or more") }
    try await root.withJob(job, access: .readOnly) { job in
      if limit == 0 { return }
      var count = 0
      for try await row in job.rows(category: category, range: range, reverse: reverse) {
        if root.json {
          try Output.json(RowJSON(row))
        } else {
          Output.line("\(KeyText.shown(row.key))\t\(payload.shown(row.payload))")
        }
        count += 1
        if count == limit { break }
      }
    }
  }
}
