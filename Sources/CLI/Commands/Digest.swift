import ArgumentParser
import PersistencyCore

struct Digest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a digest of all rows; equal content has an equal digest on every engine.",
    discussion: """
      It is taken over category, key and payload of every row in order, each after its length in 4 bytes, big-endian. SHA-256 is for \
      people who compare; xxh64 is what copies, exports and imports verify by, and is faster.

      EXAMPLES
        persistency digest chat
        persistency digest chat --algorithm xxh64
      """)

  enum Algorithm: String, CaseIterable, ExpressibleByArgument {
    case sha256, xxh64
  }

  @OptionGroup var root: RootArguments
  @Option(help: "sha256 or xxh64.")
  var algorithm = Algorithm.sha256
  @Argument(completion: .job) var job: String

  private struct DigestJSON: Encodable {
    var sha256: String?
    var xxh64: String?
    var rows: Int
  }

  func run() async throws {
    let bar = ProgressBar("reading")
    let digest: DigestJSON = try await root.withJobs { jobs in
      defer { bar.clear() }
      if algorithm == .xxh64 {
        let digest = try await jobs.digestJob(job, progress: bar.handler)
        return DigestJSON(xxh64: digest.hexadecimal, rows: digest.rows)
      }
      let digest = try await JobDigest(of: job, in: jobs, progress: bar.handler)
      return DigestJSON(sha256: digest.hex, rows: digest.rows)
    }
    if root.json { return try Output.json(digest) }
    Output.line(digest.sha256 ?? digest.xxh64 ?? "")
  }
}
