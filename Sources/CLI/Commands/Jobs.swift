import ArgumentParser
import PersistencyCore

struct Jobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the stored jobs: id, engine, bytes on disk.")

  @OptionGroup var root: RootArguments

  private struct JobJSON: Encodable {
    var id: String
    var engine: String
    var bytesOnDisk: Int
  }

  func run() async throws {
    let jobs = try await root.withJobs { try $0.storedJobs() }
    if root.json {
      return try Output.json(jobs.map { JobJSON(id: $0.id, engine: $0.engine, bytesOnDisk: $0.bytesOnDisk) })
    }
    for job in jobs { Output.line("\(KeyText.shown(Array(job.id.utf8)))\t\(job.engine)\t\(job.bytesOnDisk)") }
  }
}
