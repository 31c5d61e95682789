import ArgumentParser
import Foundation
import PersistencyCore

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Open a store written by the Nim original as a job, copy it onto every engine, and prove them equal.",
    shouldDisplay: false)

  @Argument(help: "The original's file; it is copied, and stays as it is.")
  var file: String

  func run() async throws {
    let root = FileManager.default.temporaryDirectory.path + "/persistency-demo-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    try FileManager.default.copyItem(atPath: file, toPath: root + "/alpha.db")

    let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
    let alpha = try await jobs.openJob("alpha")
    let digest = try await JobDigest(of: "alpha", in: jobs)
    Output.line("job alpha, written by the Nim original, opened on \(alpha.engine.name): \(digest.rows) rows\n")
    try await showRows(of: alpha)

    Output.line("\nthe same rows on every engine, by SHA-256:")
    Output.line("  sqlite  alpha         \(digest.hex)")
    for engine in Engine.every.dropFirst() {
      let id = "alpha-\(engine.name)"
      try await jobs.copyJob("alpha", as: id, to: engine)
      let copy = try await JobDigest(of: id, in: jobs)
      Output.line(
        "  \(engine.name.padding(toLength: 6, withPad: " ", startingAt: 0))  \(id.padding(toLength: 12, withPad: " ", startingAt: 0))  \(copy.hex)"
      )
    }
    try await jobs.close()
    Output.line("all equal")
  }

  private func showRows(of job: Job) async throws {
    for category in try await job.categories() {
      Output.line("  \(category): \(try await job.count(category: category)) rows")
    }
    Output.line("\nsome of them, decoded:")
    for row in try await job.scan(category: "msg", limit: 3) {
      let (channel, number) = try row.key.decode(String.self, Int64.self)
      Output.line("  msg    channel “\(channel)”, message \(number), payload of \(row.payload.count) bytes")
    }
    for row in try await job.scan(category: "rec", reverse: true, limit: 3) {
      let (kind, name) = try row.key.decode(Int64.self, String.self)
      let (number, label, isEven, _) = try Payload.decode(
        row.payload, as: Int64.self, String.self, Bool.self, Int64.self)
      Output.line("  rec    kind \(kind), “\(name)” → \(number), “\(label)”, \(isEven ? "even" : "odd")")
    }
    for row in try await job.scan(category: "utf8-é", limit: 1) {
      let name = try row.key.decode(String.self)
      Output.line("  utf8-é “\(name)” → “\(try Payload.decode(row.payload, as: String.self))”")
    }
  }
}
