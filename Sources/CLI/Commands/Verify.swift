import ArgumentParser
import Foundation
import PersistencyCore

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read a stream that export wrote to its end, and say whether it is whole; status 65 when not.",
    discussion: """
      EXAMPLE
        persistency verify chat.kvs
      """)

  @Flag(help: "Print JSON.")
  var json = false
  @Argument(help: "The stream; by default standard input.", completion: .file())
  var file: String?

  private struct SummaryJSON: Encodable {
    var job: String
    var engine: String
    var createdBy: String
    var rows: Int
    var bytes: Int
    var xxh64: String
  }

  func run() async throws {
    let input = try StreamInput(file)
    defer { input.close() }
    let summary = try StreamSummary(reading: .descriptor(input.descriptor))
    let digest = summary.digest
    if json {
      return try Output.json(
        SummaryJSON(
          job: summary.job, engine: summary.engine, createdBy: summary.createdBy, rows: digest.rows,
          bytes: digest.bytes, xxh64: digest.hexadecimal))
    }
    Output.line(
      "whole: \(digest.rows) rows of job \(KeyText.shown(Array(summary.job.utf8))) on \(summary.engine), "
        + "\(readable(bytes: digest.bytes)), xxh64 \(digest.hexadecimal)")
  }
}
