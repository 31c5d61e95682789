import ArgumentParser
import Foundation
import PersistencyCore

/// The operator's tool: see and change the jobs of a root directory, on any engine.
@main
struct PersistencyTool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "persistency",
    abstract: "See and change the jobs of a root directory, on any engine.",
    discussion: """
      A KEY is typed parts, '"chan",i:7', raw text, text:abc, or raw bytes, hex:00ff. The parts are "text" (\\" and \\\\ \
      escaped), i:SIGNED, u:UNSIGNED, b:BYTE, d:DOUBLE, x:HEXBYTES, o:"ordered text", uuid:UUID, true and false.
      A PAYLOAD is text as it stands, or text:…, hex:…, or parts: followed by typed parts.
      """,
    version: Persistency.version,
    subcommands: [
      Jobs.self, Put.self, Get.self, Delete.self, Scan.self, Count.self, Digest.self, Copy.self, Conformance.self,
      Demo.self,
    ])

  /// Runs the command; a failure is one line on standard error and a non-zero status.
  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      // Help and version are "errors" of the parser that end well, and are printed as they are.
      if exitCode(for: error) == .success { exit(withError: error) }
      if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
      let text = (error as? PersistencyError)?.description ?? message(for: error)
      FileHandle.standardError.write(Data("persistency: \(text.split(separator: "\n").joined(separator: " "))\n".utf8))
      Foundation.exit(exitCode(for: error).rawValue)
    }
  }
}
