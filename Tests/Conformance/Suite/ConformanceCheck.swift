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
  /// Why the check says nothing through a job; nil when it is asked there too.
  var notThroughJob: String?
  /// It asks about jobs themselves: there is no bare backend to ask.
  var isOfJobs = false
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

  /// A rule about jobs on the fixture's engine, ``BackendFixture/engine``.
  static func ofJobs(
    _ id: String, _ rule: String, paragraph: String, tier: ConformanceTier = .core,
    unless exemption: @escaping @Sendable (BackendFixture) -> String? = { _ in nil },
    body: @escaping @Sendable (CheckContext) async throws -> Void
  ) -> ConformanceCheck {
    var check = ConformanceCheck(id, rule, paragraph: paragraph, tier: tier, unless: exemption, body: body)
    check.isOfJobs = true
    return check
  }

  /// Why the check says nothing about `fixture`, as it is opened; nil when it applies.
  public func notApplicableReason(for fixture: BackendFixture) -> String? {
    if let notThroughJob, fixture.face == .job { return notThroughJob }
    return exemption(fixture)
  }

  /// Proves the rule on stores of `fixture` in fresh directories, removed afterwards: on the bare backend, and through a
  /// job where that applies.
  ///
  /// - Parameters:
  ///   - fixture: Makes the stores.
  ///   - seed: For checks that draw random data; printed with a failure.
  ///   - faces: The ways to ask. What jobs promise beside the backend's contract is asked through a job.
  /// - Throws: ``ConformanceFailure``, naming adapter, rule, face, file, line and seed.
  public func run(
    _ fixture: BackendFixture, seed: UInt64 = 1, faces: Set<ConformanceFace> = Set(ConformanceFace.allCases)
  ) async throws {
    for face in self.faces(of: fixture) where faces.contains(face.face) {
      try await runOnce(face, seed: seed)
    }
  }

  /// Proves the rule on stores of `fixture` as it is.
  func runOnce(_ fixture: BackendFixture, seed: UInt64) async throws {
    guard notApplicableReason(for: fixture) == nil else { return }
    _ = try await evaluate(fixture, seed: seed)
  }

  /// The fixture as it is, and through jobs.
  func faces(of fixture: BackendFixture) -> [BackendFixture] {
    if fixture.face == .job { return [fixture] }
    return isOfJobs ? [fixture.throughJob()] : [fixture, fixture.throughJob()]
  }

  /// Proves the rule; the exemption was asked.
  ///
  /// - Returns: How many expectations that took.
  func evaluate(_ fixture: BackendFixture, seed: UInt64) async throws -> Int {
    let context = try CheckContext(check: self, fixture: fixture, seed: seed)
    do {
      if fixture.face == .job, !isOfJobs {
        // Its calls block until a job answers: never on a thread that jobs may need.
        let body = self.body
        try await RunLoop.onOwnThread {
          defer { context.cleanUp() }
          try await body(context)
        }
      } else {
        defer { context.cleanUp() }
        try await body(context)
      }
      return context.expectations.load(ordering: .relaxed)
    } catch let failure as ConformanceFailure {
      throw failure
    } catch {
      throw context.failure("threw \(error)", file: "", line: 0)
    }
  }
}

extension [ConformanceCheck] {
  /// The same checks, of which those with these names, or all, are not asked through a job.
  func notThroughJob(_ reason: String, _ ids: String...) -> [ConformanceCheck] {
    map { check in
      var check = check
      if ids.isEmpty || ids.contains(check.id) { check.notThroughJob = reason }
      return check
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
  /// Opens and closes by the hundred in a process of its own; asks for the fixture's ``BackendFixture/writer``.
  case leak
  /// Threads and tasks beside one another, long enough to find a race.
  case concurrency
  /// Full sizes: gigabytes, millions of rows, minutes. Asked by name only.
  case heavy

  /// What a run asks that names no tiers: all but ``heavy``.
  public static let standard: Set<ConformanceTier> = Set(allCases).subtracting([.heavy])
}

/// A rule that an adapter broke.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
  public let adapter: String
  public let face: ConformanceFace
  public let check: String
  public let rule: String
  public let seed: UInt64
  public let message: String
  public let file: String
  public let line: Int

  public var description: String {
    let place = line > 0 ? " (\(file):\(line))" : ""
    let adapter = face == .raw ? adapter : "\(adapter), through a job,"
    return "\(adapter) breaks “\(rule)” [\(check), seed \(seed)]: \(message)\(place)"
  }
}
