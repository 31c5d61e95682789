import ArgumentParser
import Foundation
import PersistencyCore

struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a job, as it is at one moment, as one checksummed stream that outlives its engine.",
    discussion: """
      Also beside a process that writes the job. The stream goes to standard output, or whole or not at all to a new file. Keep it, or \
      send it to another machine; import reads it, verify says whether it is whole.

      EXAMPLES
        persistency export chat --output chat.kvs
        persistency export chat | ssh there persistency import chat --engine lmdb
      """)

  @OptionGroup var root: RootArguments
  @Option(name: .shortAndLong, help: "A new file to write to.", completion: .file())
  var output: String?
  @Argument(completion: .job) var job: String

  func run() async throws {
    let bar = ProgressBar("exporting")
    let digest = try await root.withJobs { jobs in
      defer { bar.clear() }
      guard let output else {
        if isatty(STDOUT_FILENO) == 1 {
          throw PersistencyError(
            .invalidArgument, "a stream is nothing for a terminal; give --output, or a pipe to `persistency import`")
        }
        return try await jobs.exportJob(job, to: .descriptor(STDOUT_FILENO), progress: bar.handler)
      }
      return try await NewFile.write(output) {
        try await jobs.exportJob(job, to: .descriptor($0), progress: bar.handler)
      }
    }
    // Standard output may be the stream.
    guard output != nil else { return }
    if root.json { return try Output.json(DigestJSON(digest)) }
    Output.line("\(digest.rows) rows exported, xxh64 \(digest.hexadecimal)")
  }
}

/// A file that is there whole, or not at all.
enum NewFile {
  static func write<R>(_ path: String, _ body: (Int32) async throws -> R) async throws -> R {
    guard access(path, F_OK) != 0 else {
      throw PersistencyError(.conflict, "\(path) exists already; remove it first, or choose another name")
    }
    let draft = path + ".part"
    let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("create", draft) }
    Interrupt.leaves("nothing was changed; \(draft) may be left, and can be removed")
    do {
      let result = try await body(file)
      guard fsync(file) == 0, link(draft, path) == 0 else { throw failure("write", path) }
      close(file)
      unlink(draft)
      return result
    } catch {
      close(file)
      unlink(draft)
      Interrupt.leaves("nothing was changed")
      throw error
    }
  }

  private static func failure(_ verb: String, _ path: String) -> PersistencyError {
    let code = errno
    return PersistencyError(
      code == EEXIST ? .conflict : .backend, "cannot \(verb) \(path): \(String(cString: strerror(code)))",
      backendCode: Int(code))
  }
}
