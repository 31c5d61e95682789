import ArgumentParser
import Foundation

/// Measures a job against the engine alone, and against what was promised of it.
struct Facade: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What a job costs, and gains: ratios to C on the same keys and durability, in one run.",
    discussion: """
      Single puts, queued and acknowledged, from one task and many; gets, streams of rows, the bound of the queue. The engine \
      alone is C; the memory engine, which has none, is compared with its backend.
      """)

  @OptionGroup var options: CommonOptions

  @Option(help: "Only the stages that have this in their name: acknowledged, gets, space.")
  var only: String?

  @Flag(help: "Fail when a figure is missed by more than 15 %, and name it.")
  var check = false

  func run() async throws {
    let settings = try Settings(options)
    let report = try ReportFile(options.json, option: "--json")
    let workspace = try Workspace(in: options.directory)
    defer { workspace.remove() }
    try settings.checkRoom(at: workspace.path)
    var run = FacadeRun(settings: settings, workspace: workspace, only: only)
    try await run.run()
    workspace.remove()
    let header = RunHeader(settings: settings, workspace: workspace, rocksVersion: run.rocksVersion)
    try report?.write(FacadeReport(header: header, figures: run.figures))
    print(FigureTable(header: header, figures: run.figures).text)
    if check { try Figure.judge(run.figures) }
  }
}
