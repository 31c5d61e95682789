import ArgumentParser
import Foundation

/// Measures the same work on every engine, in C, through the backend and through a job.
struct Measure: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Every workload on every engine: in C, through the backend, through a job. The default command.",
    discussion: """
      Engines: \(EngineChoice.listing). Layers: \(Layer.listing).
      Workloads: \(Workload.listing).
      Each may be given several times, or as "all". Sizes are in bytes; the table's times are microseconds per op.
      """)

  @OptionGroup var options: CommonOptions
  @OptionGroup var measured: MeasureOptions

  func run() async throws {
    let settings = try Settings(options, measured)
    let report = try JSONReport.reserve(options.json)
    let workspace = try Workspace(in: options.directory)
    defer { workspace.remove() }
    try settings.checkRoom(at: workspace.path)
    let progress = Progress()
    defer { progress.clear() }
    var runner = Runner(settings: settings, workspace: workspace, progress: progress)
    let results = try await runner.run()
    workspace.remove()
    progress.clear()
    let header = RunHeader(settings: settings, workspace: workspace, rocksVersion: results.rocksVersion)
    try report?.write(MeasureReport(header: header, rows: results.rows, stores: results.stores))
    print(TableReport(header: header, rows: results.rows, stores: results.stores).text)
  }
}
