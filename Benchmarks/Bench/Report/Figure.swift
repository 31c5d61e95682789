/// A number that was promised, or that helps to judge one.
struct Figure: Codable, Sendable {
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

  /// - Throws: A complaint that names those that are missed, if any.
  static func judge(_ figures: [Figure]) throws {
    let missed = figures.filter(\.isMissed).map {
      "\($0.engine) \($0.name) (\(text($0.value)) \($0.unit), due \($0.boundText))"
    }
    if !missed.isEmpty { throw Complaint("missed by more than 15 %: " + missed.joined(separator: "; ")) }
  }

  init(
    engine: String, name: String, value: Double, unit: String, bound: Bound, beside: String = ""
  ) {
    self.engine = engine
    self.name = name
    self.value = value
    self.unit = unit
    self.bound = bound
    self.beside = beside
  }

  // MARK: In a report

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

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    engine = try container.decode(String.self, forKey: .engine)
    name = try container.decode(String.self, forKey: .name)
    value = try container.decode(Double.self, forKey: .value)
    unit = try container.decode(String.self, forKey: .unit)
    beside = try container.decodeIfPresent(String.self, forKey: .beside) ?? ""
    if let least = try container.decodeIfPresent(Double.self, forKey: .atLeast) {
      bound = .atLeast(least)
    } else if let most = try container.decodeIfPresent(Double.self, forKey: .atMost) {
      bound = .atMost(most)
    } else {
      bound = try container.decodeIfPresent(Double.self, forKey: .exactly).map(Bound.exactly) ?? .none
    }
  }
}
