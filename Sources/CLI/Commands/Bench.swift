import ArgumentParser
import Foundation
import PersistencyCore

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure every engine: runs persistency-bench with the arguments given.",
    discussion: """
      EXAMPLES
        persistency bench --quick
        persistency bench --help
      """)

  @Argument(parsing: .captureForPassthrough)
  var arguments: [String] = []

  func run() throws {
    let beside = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("persistency-bench").path
    var words = (["persistency-bench"] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    execv(beside, &words)
    execvp("persistency-bench", &words)
    throw PersistencyError(
      .unsupported, "persistency-bench is neither beside this program nor on the path; build it, or install it there")
  }
}
