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
    let json = try ReportFile(options.json, option: "--json")
    let html = try ReportFile(measured.html, option: "--html")
    let workspace = try Workspace(in: options.directory)
    defer { workspace.remove() }
    for rows in [settings.rows] + settings.growth { try settings.grown(to: rows).checkRoom(at: workspace.path) }
    let progress = Progress()
    defer { progress.clear() }
    var runner = Runner(settings: settings, workspace: workspace, progress: progress)
    let results = try await runner.run()
    var growth: [ResultRow] = []
    for rows in settings.growth {
      var runner = Runner(settings: settings.grown(to: rows), workspace: workspace, progress: progress)
      growth += try await runner.run().rows
    }
    workspace.remove()
    progress.clear()
    let header = RunHeader(settings: settings, workspace: workspace, rocksVersion: results.rocksVersion)
    let report = MeasureReport(
      header: header, rows: results.rows, stores: results.stores, growth: growth,
      figures: Promises(rows: results.rows, growth: growth).figures)
    try json?.write(report)
    try html?.write(HTMLPage(report: report).text)
    print(TableReport(report: report).text)
    if measured.check { try Figure.judge(report.figures) }
  }
}
