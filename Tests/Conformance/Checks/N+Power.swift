import PersistencyCore

extension ConformanceCheck {
  /// N: the power of the disk is cut.
  static let power: [ConformanceCheck] =
    [Durability.full, .consistent].map { power(.raw, $0) }
    + [TrialLayer.acknowledged, .queued].flatMap { layer in Durability.allCases.map { power(layer, $0) } }

  private static func power(_ layer: TrialLayer, _ level: Durability) -> ConformanceCheck {
    ConformanceCheck(
      "power.\(layer.rawValue)-\(level.rawValue)",
      "After a power cut \(layer.place) at level .\(level.rawValue) \(level.promise)",
      paragraph: "durability", tier: .power, unless: exemption(level)
    ) { check in
      guard let cuts = check.fixture.writer?.cycles else { return }
      let trial = PowerTrial(check.fixture, layer: layer, durability: level, seed: check.seed, cuts: cuts)
      let tally = try await TrialTurns.take { try trial.run() }
      try check.expectEqual(tally.findings, [], "the findings")
      try check.expectEqual(tally.cycles, cuts, "the number of cuts")
    }
  }

  private static func exemption(_ level: Durability) -> @Sendable (BackendFixture) -> String? {
    { fixture in
      if !fixture.capabilities.persistent { return "not persistent: nothing outlives the process" }
      if !fixture.capabilities.durability.contains(level) { return "level .\(level.rawValue) is not declared" }
      if fixture.capabilities.remote { return "its disk is another machine's" }
      return fixture.writer == nil ? "the fixture names no program to cut the power of" : PowerTrial.obstacle()
    }
  }
}

extension TrialLayer {
  fileprivate var place: String {
    switch self {
    case .raw: "a backend"
    case .acknowledged: "a job whose writers wait"
    case .queued: "a job written fire and forget"
    }
  }
}

extension Durability {
  fileprivate var promise: String {
    switch self {
    case .full: "has every acknowledged batch"
    case .consistent: "opens undamaged, the last moments missing at most"
    case .volatile: "has all when it was closed, is empty when it was not, and never damaged"
    }
  }
}
