import ArgumentParser
import PersistencyConformance
import PersistencyCore

struct Conformance: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Run the conformance suite.")
  func run() async throws {}
}
