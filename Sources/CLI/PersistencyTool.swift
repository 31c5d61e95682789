import ArgumentParser
import Foundation
import PersistencyCore

/// The operator's tool: see, change, move, back up and check the jobs of a root directory, on any engine.
struct PersistencyTool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "persistency",
    abstract: "See, change, move, back up and check the jobs of a root directory, on any engine.",
    discussion: """
      A KEY is typed parts, '"chan",i:7', raw text, text:abc, or raw bytes, hex:00ff. The parts are "text" (\\" and \\\\ \
      escaped), i:SIGNED, u:UNSIGNED, b:BYTE, d:DOUBLE, x:HEXBYTES, o:"ordered text", uuid:UUID, true and false.
      A PAYLOAD is text as it stands, or text:…, hex:…, or parts: followed by typed parts.

      What only reads works beside a process that has the job open; what writes takes the job's lock. With --json there is \
      one object a line.

      EXAMPLES
        persistency jobs --root data
        persistency scan chat msg --prefix '"general"' --reverse --limit 10
        persistency migrate chat --engine lmdb
        persistency export chat | ssh there persistency import chat

      \(ExitStatus.table)

      For completions: persistency --generate-completion-script bash (or zsh, fish).
      """,
    version: Persistency.version,
    groupedSubcommands: [
      CommandGroup(
        name: "Look",
        subcommands: [Jobs.self, Stat.self, Categories.self, Get.self, Scan.self, Count.self, Digest.self]),
      CommandGroup(name: "Change", subcommands: [Put.self, Delete.self, DeleteRange.self, Drop.self]),
      CommandGroup(name: "Move", subcommands: [Copy.self, Migrate.self, Discard.self]),
      CommandGroup(name: "Back up", subcommands: [Export.self, Import.self, Verify.self, Backup.self]),
      CommandGroup(name: "Maintain", subcommands: [Check.self, Reclaim.self]),
      CommandGroup(name: "Measure", subcommands: [Bench.self, Conformance.self, Demo.self]),
    ])

  /// Runs the command line and ends the process; a failure is one line on standard error.
  static func runAndExit() async -> Never {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      Output.flush()
      Notes.tell()
      ExitStatus.success.exit()
    } catch {
      Output.flush()
      if let code = error as? ExitCode { ExitStatus.exit(code.rawValue) }
      if let error = error as? PersistencyError {
        if error.kind == .cancelled, let status = Interrupt.status {
          complain(Interrupt.message)
          ExitStatus.exit(status)
        }
        complain(error.description)
        ExitStatus(error.kind).exit()
      }
      // Help and version are "errors" of the parser that end well, and are printed as they are.
      if exitCode(for: error) == .success {
        Output.line(fullMessage(for: error))
        Output.flush()
        ExitStatus.success.exit()
      }
      complain(message(for: error))
      ExitStatus.exit(exitCode(for: error).rawValue)
    }
  }

  /// One line on standard error.
  static func complain(_ text: String) {
    let line = text.split(separator: "\n").joined(separator: " ")
    FileHandle.standardError.write(Data("persistency: \(line)\n".utf8))
  }
}

@main
enum Main {
  /// Not async: the mask of signals must be set on the process's first thread, before there is another.
  static func main() {
    Interrupt.watch()
    Notes.listen()
    Interrupt.interrupts(Task.detached { await PersistencyTool.runAndExit() })
    while true { pause() }
  }
}
