import ArgumentParser
import Foundation
import PersistencyConformance
import PersistencyCore

struct Conformance: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the conformance suite, and the suite's test of itself; status 1 when anything fails.")

  @Option(help: "An engine's name, or all, which are those with files and memory.")
  var engine = "all"
  @OptionGroup var engines: EngineArguments
  @Option(name: .customLong("json"), help: "Write the report to this file as JSON.")
  var jsonFile: String?
  @Option(name: .customLong("markdown"), help: "Write the report to this file as Markdown.")
  var markdownFile: String?
  @Option(
    help: """
      The tiers to ask, by commas: \(ConformanceTier.allCases.map(\.rawValue).joined(separator: ",")); standard is all but heavy.
      """)
  var tiers = "standard"
  @Option(help: "For the checks that draw random data.")
  var seed: UInt64 = 1
  @Flag(inversion: .prefixedNo, help: "Run the deliberately broken backends too: each must be caught.")
  var selfTest = true

  func run() async throws {
    let engines = engine == "all" ? Engine.every : [try self.engines.named(engine, isolatesRoots: true)]
    // A report that cannot be written should not take minutes to say so.
    for file in [jsonFile, markdownFile].compactMap(\.self) { try write([], to: file) }
    let runner = ConformanceRunner(
      fixtures: engines.map { BackendFixture(engine: $0, limits: $0.limits) }, tiers: try chosenTiers(), seed: seed,
      selfTest: selfTest)
    let report = await runner.run { step in
      if step.outcome == .failed { Output.line("FAILED \(step.adapter) \(step.check): \(step.message)") }
    }
    if let jsonFile { try write(try report.json(), to: jsonFile) }
    if let markdownFile { try write(Array(report.markdown.utf8), to: markdownFile) }
    summarise(report)
    if !report.isClean { throw ExitCode(1) }
  }

  private func chosenTiers() throws -> Set<ConformanceTier> {
    if tiers == "standard" { return ConformanceTier.standard }
    if tiers == "all" { return Set(ConformanceTier.allCases) }
    return Set(
      try tiers.split(separator: ",").map { name in
        guard let tier = ConformanceTier(rawValue: String(name)) else {
          throw PersistencyError(.invalidArgument, "no tier is called “\(name)”")
        }
        return tier
      })
  }

  private func summarise(_ report: ConformanceReport) {
    for adapter in report.adapters {
      let seconds = String(format: "%.1f", adapter.seconds)
      Output.line(
        "\(adapter.name) \(adapter.engineVersion): \(adapter.passed) passed, \(adapter.failed) failed, "
          + "\(adapter.notApplicable) not applicable, \(seconds) s")
    }
    Output.line("\(report.rules) distinct rules, \(report.cases) cases")
    guard let broken = report.selfTest else { return }
    for backend in broken {
      let by = backend.caughtBy.isEmpty ? "NOT CAUGHT" : "caught by \(backend.caughtBy.joined(separator: ", "))"
      Output.line("broken on purpose, \(backend.name): \(by)")
    }
    Output.line("\(broken.count { !$0.caughtBy.isEmpty }) of \(broken.count) broken backends caught")
  }

  private func write(_ bytes: [UInt8], to file: String) throws {
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: file))
    } catch {
      throw PersistencyError(.invalidArgument, "cannot write the report to \(file): \(error.localizedDescription)")
    }
  }
}
