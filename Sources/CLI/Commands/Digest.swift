import ArgumentParser
import PersistencyCore

struct Digest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the SHA-256 of all rows; equal content has an equal digest on every engine.")

  @OptionGroup var root: RootArguments
  @Argument var job: String

  func run() async throws {
    let digest = try await root.withJob(job, access: .readOnly) { try await JobDigest(of: $0) }
    if root.json {
      struct DigestJSON: Encodable {
        var sha256: String
        var rows: Int
      }
      return try Output.json(DigestJSON(sha256: digest.hex, rows: digest.rows))
    }
    Output.line(digest.hex)
  }
}
