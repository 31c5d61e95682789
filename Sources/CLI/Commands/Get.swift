import ArgumentParser
import PersistencyCore

struct Get: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a row's payload; status 1 when there is no such row.")

  @OptionGroup var root: RootArguments
  @Flag(help: "Print the payload's bytes as they are.")
  var raw = false
  @Argument var job: String
  @Argument var category: String
  @Argument var key: String

  private struct FoundJSON: Encodable {
    var found: Bool
    var payload: BytesJSON?
  }

  func run() async throws {
    let key = try KeyText.key(self.key)
    let payload = try await root.withJob(job, access: .readOnly) { try await $0.get(category: category, key: key) }
    if root.json {
      try Output.json(FoundJSON(found: payload != nil, payload: payload.map(BytesJSON.init)))
      if payload == nil { throw ExitCode(1) }
      return
    }
    guard let payload else {
      throw PersistencyError(.invalidArgument, "no row in category \(category) has the key \(self.key)")
    }
    if raw { Output.write(payload) } else { Output.line(KeyText.shown(payload)) }
  }
}
