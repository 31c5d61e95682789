import ArgumentParser
import Foundation

/// Measures the same work on every engine, in C, through the backend and through a job.
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "persistency-bench",
    abstract: "Measures every engine at equal durability and cache: in C, through the backend, through a job.",
    discussion: """
      Engines: \(EngineChoice.listing). Layers: \(Layer.listing).
      Workloads: \(Workload.listing).
      Each may be given several times, or as "all". Sizes are in bytes; the table's times are microseconds per op.
      """)

  @OptionGroup var options: BenchOptions

  func run() async throws {
    let settings = try Settings(options)
    let report = try JSONReport.reserve(options.json)
    let workspace = try Workspace(in: options.directory)
    defer { workspace.remove() }
    try settings.checkRoom(at: workspace.path)
    var runner = Runner(settings: settings, workspace: workspace)
    let results = try await runner.run()
    workspace.remove()
    let header = RunHeader(settings: settings, workspace: workspace, rocksVersion: results.rocksVersion)
    try report?.write(header, results.rows)
    print(TableReport(header: header, rows: results.rows).text)
  }

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

@main
enum Main {
  /// Not async: the mask of signals must be set on the process's first thread, before there is another.
  static func main() {
    Interrupt.watch()
    // On the global pool, like a server: on the main thread a resumed task would come back by way of its run loop.
    Task.detached { await Bench.runAndExit() }
    while true { pause() }
  }
}
