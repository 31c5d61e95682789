import ArgumentParser
import Foundation

/// Puts the tables of a report into a document, between two marks.
struct Tables: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Refreshes the tables of a Markdown file from a JSON report of measure.",
    discussion: """
      What stands between the lines \(Tables.begin) and \(Tables.end) is replaced; the rest stays.
      """)

  static let begin = "<!-- tables: begin -->"
  static let end = "<!-- tables: end -->"

  @Argument(help: "The JSON report.")
  var report: String

  @Argument(help: "The Markdown file, changed in place.")
  var document: String

  func run() throws {
    guard let data = FileManager.default.contents(atPath: report) else { throw Complaint("cannot read '\(report)'") }
    guard let found = try? JSONDecoder().decode(MeasureReport.self, from: data) else {
      throw Complaint("'\(report)' is no JSON report of persistency-bench measure")
    }
    guard let text = try? String(contentsOfFile: document, encoding: .utf8) else {
      throw Complaint("cannot read '\(document)'")
    }
    guard let first = text.range(of: Self.begin), let last = text.range(of: Self.end),
      first.upperBound <= last.lowerBound
    else { throw Complaint("'\(document)' has no lines \(Self.begin) and \(Self.end)") }
    let changed =
      text[..<first.upperBound] + "\n\n" + MarkdownTables(report: found).lines.joined(separator: "\n") + "\n\n"
      + text[last.lowerBound...]
    try ReportFile(document, option: "the document")?.write(String(changed))
  }
}
