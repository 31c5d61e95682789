import PersistencyCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// One random history on many engines at once: every result and every kind of error must be the model's.
public enum DifferentialRun {
  /// Plays a history of `steps` calls on all `fixtures`, one call after the other on each.
  ///
  /// Keys, categories and payloads stay within the limits that all of them share. On a store that is not persistent
  /// a reopen or crash is left out, and on one whose fixture makes no system call fail, that.
  ///
  /// - Returns: What the history had in it.
  /// - Throws: ``ConformanceFailure`` with the shortest history found that still differs, as Swift code, and the seed.
  @discardableResult
  public static func run(
    fixtures: [BackendFixture], seed: UInt64, steps: Int = 400, profile: HistoryProfile = .everything
  ) throws -> HistoryTally {
    try run(
      fixtures: fixtures, seed: seed, steps: steps, profile: profile, check: "model.differential",
      rule: "Every engine answers a random history alike")
  }

  @discardableResult
  static func run(
    fixtures: [BackendFixture], seed: UInt64, steps: Int, profile: HistoryProfile, check: String, rule: String
  ) throws -> HistoryTally {
    var tally = HistoryTally()
    guard let first = fixtures.first else { return tally }
    let limits = fixtures.dropFirst().reduce(first.limits) { common, fixture in
      .init(
        categoryBytes: min(common.categoryBytes, fixture.limits.categoryBytes),
        keyBytes: min(common.keyBytes, fixture.limits.keyBytes),
        payloadBytes: min(common.payloadBytes, fixture.limits.payloadBytes),
        batchBytes: min(common.batchBytes, fixture.limits.batchBytes),
        batchOps: min(common.batchOps, fixture.limits.batchOps))
    }
    var profile = profile
    // What is over the limits of one is not over those of another.
    if fixtures.contains(where: { $0.limits != limits }) { profile.oversized = false }
    var generator = HistoryGenerator(profile, limits: limits, seed: seed)
    let history = History(steps: generator.history(steps: steps))
    guard let divergence = try play(history, on: fixtures, &tally) else { return tally }
    let fixture = fixtures.first { $0.name == divergence.adapter } ?? first
    let shortest = history.shrunk { candidate in
      var tally = HistoryTally()
      guard let found = try? play(candidate, on: [fixture], &tally) else { return false }
      return found.adapter == fixture.name
    }
    let last = (try? play(shortest, on: [fixture], &tally)) ?? divergence
    throw ConformanceFailure(
      adapter: fixture.name, face: .raw, check: check, rule: rule, seed: seed,
      message: report(shortest, last, of: history, divergence, seed: seed), file: "", line: 0)
  }

  private static func play(
    _ history: History, on fixtures: [BackendFixture], _ tally: inout HistoryTally
  ) throws -> History.Divergence? {
    let directory = FileManager.default.temporaryDirectory.path + "/conformance-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try history.replay(on: fixtures, in: directory, &tally)
  }

  /// - Parameter first: Where the whole history parted from the model; the shortest may show another fault.
  private static func report(
    _ history: History, _ last: History.Divergence, of whole: History, _ first: History.Divergence, seed: UInt64
  ) -> String {
    let steps = whole.steps.count
    let step = first.index < steps ? whole.steps[first.index] : .visitAll(rows: nil)
    var lines = [
      "call \(first.index + 1) of \(steps) differs from the model, and \(history.steps.count) are enough:",
      "// seed \(seed); there: \(shortened(step.swiftCode)) gives \(shortened(first.found)), "
        + "not \(shortened(first.wanted))",
    ]
    for (index, step) in history.steps.enumerated() {
      lines.append(step.swiftCode)
      if index == last.index { lines.append(comparison(last)) }
    }
    if last.index >= history.steps.count {
      lines.append(HistoryStep.visitAll(rows: nil).swiftCode)
      lines.append(comparison(last))
    }
    return lines.joined(separator: "\n")
  }

  private static func comparison(_ divergence: History.Divergence) -> String {
    "// gives \(shortened(divergence.found)), not \(shortened(divergence.wanted))"
  }

  private static func shortened(_ value: some Any) -> String {
    let text = String(describing: value)
    return text.count > 400 ? text.prefix(400) + "… (\(text.count) characters)" : text
  }
}
