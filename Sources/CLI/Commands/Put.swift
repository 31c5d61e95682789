import ArgumentParser
import PersistencyCore

struct Put: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Store a row; the job is made when it is not stored yet.",
    discussion: """
      EXAMPLES
        persistency put chat msg '"general",i:1' 'hello'
        persistency put chat counters '"seen"' parts:i:7 --engine lmdb
      """)

  @OptionGroup var root: RootArguments
  @Option(help: "The engine of a new job: sqlite, lmdb, rocks or postgres.", completion: .engine)
  var engine: String?
  @Argument(completion: .job) var job: String
  @Argument var category: String
  @Argument var key: String
  @Argument var payload: String

  func run() async throws {
    let key = try KeyText.key(self.key)
    let payload = try KeyText.payload(self.payload)
    let engine = try self.engine.map(root.engines.storedNamed)
    try await root.withJob(job, engine: engine, access: .readWrite, create: true) { job in
      try await job.put(category: category, key: key, payload: payload, durability: .full)
    }
    if root.json { try Output.json(["stored": true]) }
  }
}
