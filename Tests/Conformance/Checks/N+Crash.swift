import PersistencyCore

extension ConformanceCheck {
  /// N: a writing process is killed.
  static let crash: [ConformanceCheck] = TrialLayer.allCases.flatMap { layer in
    Durability.allCases.map { level in
      ConformanceCheck(
        "crash.\(layer.rawValue)-\(level.rawValue)",
        "A process killed while it writes \(layer.words) at level .\(level.rawValue) leaves every acknowledged batch, whole, and no half of another",
        paragraph: "durability", tier: .crash, unless: exemption(level)
      ) { check in
        guard let cycles = check.fixture.writer?.cycles else { return }
        let trial = CrashTrial(check.fixture, layer: layer, durability: level, seed: check.seed, cycles: cycles)
        let tally = try await TrialTurns.take { try trial.run() }
        try check.expectEqual(tally.findings, [], "the findings")
        try check.expectEqual(tally.cycles, cycles, "the number of kills")
      }
    }
  }

  private static func exemption(_ level: Durability) -> @Sendable (BackendFixture) -> String? {
    { fixture in
      if !fixture.capabilities.persistent { return "not persistent: nothing outlives the process" }
      if !fixture.capabilities.durability.contains(level) { return "level .\(level.rawValue) is not declared" }
      return fixture.writer == nil ? "the fixture names no program to kill" : nil
    }
  }
}

extension TrialLayer {
  fileprivate var words: String {
    switch self {
    case .raw: "to a backend"
    case .acknowledged: "to a job, waiting for each commit,"
    case .queued: "to a job, fire and forget,"
    }
  }
}
