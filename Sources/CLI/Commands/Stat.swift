import ArgumentParser
import PersistencyCore

struct Stat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what is in a job: per category rows, bytes of keys and payloads, first and last key.",
    discussion: """
      All from one state, also beside a process that has the job open.

      EXAMPLE
        persistency stat chat
      """)

  @OptionGroup var root: RootArguments
  @Argument(completion: .job) var job: String

  private struct CategoryJSON: Encodable {
    var category: BytesJSON
    var rows: Int
    var keyBytes: Int
    var payloadBytes: Int
    var firstKey: BytesJSON
    var lastKey: BytesJSON
  }

  func run() async throws {
    let bar = ProgressBar("reading")
    let stat = try await root.withJobs { try await $0.statJob(job, progress: bar.handler) }
    bar.clear()
    if !root.json {
      let size = stat.bytesOnDisk.map { ", \(readable(bytes: $0)) on disk" } ?? ""
      Output.line("\(KeyText.shown(Array(stat.id.utf8))) on \(stat.engine): \(stat.rows) rows\(size)")
    }
    for category in stat.categories {
      if root.json {
        try Output.json(
          CategoryJSON(
            category: BytesJSON(category.category), rows: category.rows, keyBytes: category.keyBytes,
            payloadBytes: category.payloadBytes, firstKey: BytesJSON(category.firstKey.bytes),
            lastKey: BytesJSON(category.lastKey.bytes)))
      } else {
        Output.line(
          "\(KeyText.shown(category.category))\t\(category.rows) rows\tkeys \(readable(bytes: category.keyBytes))"
            + "\tpayloads \(readable(bytes: category.payloadBytes))\t\(KeyText.shown(category.firstKey))"
            + "\t\(KeyText.shown(category.lastKey))")
      }
    }
  }
}
