/// A number that was promised, or that helps to judge one.
struct Figure: Encodable, Sendable {
  enum Bound: Sendable {
    case atLeast(Double)
    case atMost(Double)
    /// A count, of which nothing may be missing.
    case exactly(Double)
    /// Not promised: told beside one that is.
    case none
  }

  let engine: String
  let name: String
  let value: Double
  let unit: String
  let bound: Bound
  /// What helps to judge it: the numbers it was made from.
  var beside = ""

  /// How far a figure may miss on a machine that does other things too.
  static let tolerance = 0.15

  var isReached: Bool { isWithin(0) }
  var isMissed: Bool { !isWithin(Self.tolerance) }

  private func isWithin(_ tolerance: Double) -> Bool {
    switch bound {
    case .atLeast(let least): value >= least * (1 - tolerance)
    case .atMost(let most): value <= most * (1 + tolerance)
    case .exactly(let due): value == due
    case .none: true
    }
  }

  /// "≥ 0.60", or nothing.
  var boundText: String {
    switch bound {
    case .atLeast(let least): "≥ \(Self.text(least))"
    case .atMost(let most): "≤ \(Self.text(most))"
    case .exactly(let due): "= \(Self.text(due))"
    case .none: ""
    }
  }

  static func text(_ value: Double) -> String {
    switch abs(value) {
    case ..<10: formatted(value, 2)
    case ..<100: formatted(value, 1)
    default: formatted(value, 0)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(engine, forKey: .engine)
    try container.encode(name, forKey: .name)
    try container.encode(value, forKey: .value)
    try container.encode(unit, forKey: .unit)
    switch bound {
    case .atLeast(let least): try container.encode(least, forKey: .atLeast)
    case .atMost(let most): try container.encode(most, forKey: .atMost)
    case .exactly(let due): try container.encode(due, forKey: .exactly)
    case .none: break
    }
    try container.encode(isReached, forKey: .isReached)
    if !beside.isEmpty { try container.encode(beside, forKey: .beside) }
  }

  private enum CodingKeys: String, CodingKey {
    case engine, name, value, unit, exactly, beside
    case atLeast = "at_least"
    case atMost = "at_most"
    case isReached = "reached"
  }
}
