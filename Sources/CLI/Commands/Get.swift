import ArgumentParser
import PersistencyCore

struct Get: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a row's payload; status 1 when there is no such row.",
    discussion: """
      EXAMPLES
        persistency get chat msg '"general",i:1'
        persistency get chat settings '"theme"' --payload json
        persistency get chat blobs x:00ff --raw >blob
      """)

  @OptionGroup var root: RootArguments
  @Flag(help: "Print the payload's bytes as they are.")
  var raw = false
  @Option(help: "Show the payload as auto, text, hex, json or parts.")
  var payload = PayloadFormat.auto
  @Argument(completion: .job) var job: String
  @Argument var category: String
  @Argument var key: String

  private struct FoundJSON: Encodable {
    var found: Bool
    var payload: BytesJSON?
  }

  func run() async throws {
    let key = try KeyText.key(self.key)
    let found = try await root.withJob(job, access: .readOnly) { try await $0.get(category: category, key: key) }
    if root.json {
      try Output.json(FoundJSON(found: found != nil, payload: found.map(BytesJSON.init)))
    } else if let found, raw {
      Output.write(found)
    } else if let found {
      Output.line(payload.shown(found))
    } else {
      PersistencyTool.complain("no row in category \(category) has the key \(self.key)")
    }
    if found == nil { throw ExitCode(ExitStatus.negative.rawValue) }
  }
}
