import ArgumentParser
import Foundation
import PersistencyCore

struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a new job of a stream that export wrote; proved by digest.",
    discussion: """
      A stream that was cut or altered is refused, and leaves nothing.

      EXAMPLES
        persistency import chat chat.kvs --engine rocks
        ssh there persistency export chat | persistency import chat
      """)

  @OptionGroup var root: RootArguments
  @Option(help: "The engine of the new job: sqlite, lmdb, rocks or postgres.", completion: .engine)
  var engine: String?
  @Argument(help: "The id of the new job; it must not be stored yet.")
  var job: String
  @Argument(help: "The stream; by default standard input.", completion: .file())
  var file: String?

  func run() async throws {
    let engine = try self.engine.map(root.engines.storedNamed) ?? Engine.every[0]
    Interrupt.leaves("job \(job) is half made at most, and no job: `persistency drop \(job)` removes what there is")
    let bar = ProgressBar("importing")
    let input = try StreamInput(file)
    defer { input.close() }
    let digest = try await root.withJobs { jobs in
      defer { bar.clear() }
      return try await jobs.importJob(job, on: engine, from: .descriptor(input.descriptor), progress: bar.handler)
    }
    if root.json { return try Output.json(DigestJSON(digest, engine: engine.name)) }
    Output.line("\(digest.rows) rows imported to \(job) on \(engine.name), xxh64 \(digest.hexadecimal)")
  }
}

/// A stream to read: a file, or standard input.
struct StreamInput {
  let descriptor: Int32

  init(_ path: String?) throws {
    guard let path else {
      guard isatty(STDIN_FILENO) != 1 else {
        throw PersistencyError(
          .invalidArgument, "standard input is a terminal; name a file, or pipe `persistency export` into this")
      }
      descriptor = STDIN_FILENO
      return
    }
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw PersistencyError(
        .invalidArgument, "cannot open \(path): \(String(cString: strerror(errno)))", backendCode: Int(errno))
    }
  }

  func close() { if descriptor != STDIN_FILENO { _ = Foundation.close(descriptor) } }
}
