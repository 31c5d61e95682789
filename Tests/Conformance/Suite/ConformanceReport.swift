public import PersistencyCore

/// What a run found: for programs as JSON, for people as Markdown.
public struct ConformanceReport: Codable, Hashable, Sendable {
  /// How many distinct rules were asked about.
  public var rules: Int
  /// How many expectations were evaluated, over all adapters: a rule counts once an adapter, whatever its cases.
  public var cases: Int
  public var adapters: [Adapter]
  /// What became of the deliberately broken backends; nil when they were not run.
  public var selfTest: [Caught]?

  /// Whether no adapter broke a rule, and no broken backend went unnoticed.
  public var isClean: Bool {
    adapters.allSatisfy { $0.failed == 0 } && (selfTest ?? []).allSatisfy { !$0.caughtBy.isEmpty }
  }

  /// One adapter's results.
  public struct Adapter: Codable, Hashable, Sendable {
    public var name: String
    public var engineVersion: String
    public var seed: UInt64
    public var seconds: Double
    public var capabilities: Declared
    public var passed: Int
    public var failed: Int
    public var notApplicable: Int
    public var checks: [Check]
  }

  /// What an adapter declares, as the report words it.
  public struct Declared: Codable, Hashable, Sendable {
    public var persistent: Bool
    public var durability: [String]
    public var readOnlyBesideWriter: Bool
    public var openFormat: Bool
    public var rawCategories: Bool
    public var maintenance: [String]
    public var remote: Bool

    public init(_ capabilities: Capabilities) {
      persistent = capabilities.persistent
      durability = capabilities.durability.map(\.rawValue).sorted()
      readOnlyBesideWriter = capabilities.readOnlyBesideWriter
      openFormat = capabilities.openFormat
      rawCategories = capabilities.rawCategories
      maintenance = capabilities.maintenance.map(\.rawValue).sorted()
      remote = capabilities.remote
    }
  }

  /// One rule on one adapter.
  public struct Check: Codable, Hashable, Sendable {
    public var id: String
    public var rule: String
    public var paragraph: String
    public var tier: ConformanceTier
    public var outcome: Outcome
    /// Why it failed or does not apply; empty when it passed.
    public var message: String
    /// The same for each way it was asked, on the bare backend and through a job.
    ///
    /// The check counts once all the same.
    public var faces: [Face]
  }

  /// One rule on one adapter, asked in one way.
  public struct Face: Codable, Hashable, Sendable {
    public var face: ConformanceFace
    public var outcome: Outcome
    /// Why it failed or does not apply; empty when it passed.
    public var message: String
  }

  public enum Outcome: String, Codable, Hashable, Sendable {
    case passed
    case failed
    case notApplicable
  }

  /// One deliberately broken backend, and the checks that noticed.
  public struct Caught: Codable, Hashable, Sendable {
    public var name: String
    public var breaks: String
    public var caughtBy: [String]

    public init(name: String, breaks: String, caughtBy: [String]) {
      self.name = name
      self.breaks = breaks
      self.caughtBy = caughtBy
    }
  }
}
