import Synchronization

/// One rule of the contract, and how it is proved: a value in the list ``ConformanceCheck/all``.
public struct ConformanceCheck: Sendable, Identifiable {
  /// A name that stays: section letter and words, "point.missing-key-is-nil".
  public let id: String
  /// The rule as a sentence about behaviour.
  public let rule: String
  /// The paragraph of the contract that it proves: "4.2".
  public let paragraph: String
  public let tier: ConformanceTier
  /// Why the check says nothing about a fixture; nil when it applies.
  let exemption: @Sendable (BackendFixture) -> String?
  let body: @Sendable (CheckContext) async throws -> Void

  /// - Parameters:
  ///   - id: As ``id``.
  ///   - rule: As ``rule``.
  ///   - paragraph: As ``paragraph``.
  ///   - tier: As ``tier``.
  ///   - exemption: The reason why the check does not apply to a fixture, by what the fixture declares; nil when it applies.
  ///   - body: Proves the rule on fresh stores; throws ``ConformanceFailure`` through the context's `expect` calls.
  public init(
    _ id: String, _ rule: String, paragraph: String, tier: ConformanceTier = .core,
    unless exemption: @escaping @Sendable (BackendFixture) -> String? = { _ in nil },
    body: @escaping @Sendable (CheckContext) async throws -> Void
  ) {
    self.id = id
    self.rule = rule
    self.paragraph = paragraph
    self.tier = tier
    self.exemption = exemption
    self.body = body
  }

  /// Why the check says nothing about `fixture`; nil when it applies.
  public func notApplicableReason(for fixture: BackendFixture) -> String? { exemption(fixture) }

  /// Proves the rule on a store of `fixture` in a fresh directory, removed afterwards.
  ///
  /// - Parameters:
  ///   - fixture: Makes the stores.
  ///   - seed: For checks that draw random data; printed with a failure.
  /// - Throws: ``ConformanceFailure``, naming adapter, rule, file, line and seed.
  public func run(_ fixture: BackendFixture, seed: UInt64 = 1) async throws {
    guard exemption(fixture) == nil else { return }
    _ = try await evaluate(fixture, seed: seed)
  }

  /// Proves the rule; the exemption was asked.
  ///
  /// - Returns: How many expectations that took.
  func evaluate(_ fixture: BackendFixture, seed: UInt64) async throws -> Int {
    let context = try CheckContext(check: self, fixture: fixture, seed: seed)
    defer { context.cleanUp() }
    do {
      try await body(context)
      return context.expectations.load(ordering: .relaxed)
    } catch let failure as ConformanceFailure {
      throw failure
    } catch {
      throw ConformanceFailure(
        adapter: fixture.name, check: id, rule: rule, seed: seed, message: "threw \(error)", file: "", line: 0)
    }
  }
}

/// How much a check asks for; a run names the tiers it wants.
public enum ConformanceTier: String, Codable, Sendable, CaseIterable, Hashable {
  /// Seconds, in one open store.
  case core
  /// Closes and reopens.
  case persistent
  /// Seeded random histories against a sorted model.
  case model
  /// Makes system calls fail; asks for the fixture's ``BackendFixture/faults``.
  case fault
  /// Kills a process that writes; asks for the fixture's ``BackendFixture/writer``.
  case crash
  /// Cuts the power of a disk; asks for root, and for the fixture's ``BackendFixture/writer``.
  case power
}

/// A rule that an adapter broke.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
  public let adapter: String
  public let check: String
  public let rule: String
  public let seed: UInt64
  public let message: String
  public let file: String
  public let line: Int

  public var description: String {
    let place = line > 0 ? " (\(file):\(line))" : ""
    return "\(adapter) breaks “\(rule)” [\(check), seed \(seed)]: \(message)\(place)"
  }
}
