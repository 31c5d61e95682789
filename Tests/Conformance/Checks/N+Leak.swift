import PersistencyCore

extension ConformanceCheck {
  /// K: hundreds of openings, uses and closes in a process where nothing else happens.
  static let leaks: [ConformanceCheck] = [
    leak(
      "leak.raw",
      "Opened, used, broken off and closed by the hundred, a store leaves descriptors, threads, mappings and memory as they were",
      .raw),
    leak(
      "leak.job",
      "Opened, used, failed, cancelled, closed and dropped by the hundred, jobs leave descriptors, threads, mappings and memory as they were",
      .queued),
  ]

  private static func leak(_ id: String, _ rule: String, _ layer: TrialLayer) -> ConformanceCheck {
    ConformanceCheck(
      id, rule, paragraph: "4.11", tier: .leak,
      unless: { fixture in
        if let obstacle = LeakTrial.obstacle { return obstacle }
        return fixture.writer == nil ? "the fixture names no program to open stores in" : nil
      }
    ) { check in
      guard let cycles = check.fixture.writer?.cycles else { return }
      let trial = LeakTrial(check.fixture, layer: layer, seed: check.seed, cycles: cycles * 250)
      let report = try await TrialTurns.take { try trial.run() }
      try check.expectEqual(report.findings, [], "what is left, or went wrong,")
      try check.expect(report.cycles >= cycles * 250, "only \(report.cycles) openings were counted")
      try check.expect(report.isClean, "after \(report.cycles) openings: \(report)")
    }
  }
}
