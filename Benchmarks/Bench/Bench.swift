import ArgumentParser
import Foundation

/// The commands.
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "persistency-bench",
    abstract: "Measures every engine at equal durability and cache, and what the layers above it cost.",
    subcommands: [Measure.self, Facade.self, Compare.self, Tables.self], defaultSubcommand: Measure.self)

  /// Runs the command line and ends the process; errors are one line on standard error, whoever threw them.
  static func runAndExit() async -> Never {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      let code = exitCode(for: error)
      if code == .success {
        print(fullMessage(for: error))
      } else {
        let line = message(for: error).split(separator: "\n").joined(separator: " ")
        FileHandle.standardError.write(Data("persistency-bench: \(line)\n".utf8))
      }
      Foundation.exit(code.rawValue)
    }
    Foundation.exit(0)
  }
}

/// The program, for its own executable and for one that adds peers.
public enum BenchProgram {
  /// Runs the command line and ends the process.
  ///
  /// Not async: the mask of signals must be set on the process's first thread, before there is another.
  ///
  /// - Parameter peers: Other libraries to be measured beside ours, each as a layer of its own.
  public static func main(peers: [Peer] = []) -> Never {
    Interrupt.watch()
    Peer.register(peers)
    // On the global pool, like a server: on the main thread a resumed task would come back by way of its run loop.
    Task.detached { await Bench.runAndExit() }
    while true { pause() }
  }
}
