import ArgumentParser
import Foundation
import PersistencyCore

/// Asks before what cannot be undone.
struct Confirmation: ParsableArguments {
  @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask; for scripts.")
  var yes = false

  /// - Throws: `.invalidArgument` where there is nobody to ask; `.cancelled` for a no.
  func ask(_ question: String) throws {
    if yes { return }
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
      throw PersistencyError(.invalidArgument, "this cannot be undone, and there is nobody to ask; say --yes")
    }
    FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
    let answer = readLine() ?? ""
    guard ["y", "yes"].contains(answer.lowercased()) else {
      throw PersistencyError(.cancelled, "nothing was changed")
    }
  }
}
