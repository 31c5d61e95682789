public import PersistencyCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A kind of fault, and the moment it strikes in: a trial for the first call it can strike, one for the second, and so on until a
/// trial comes to its end before the fault.
public struct FaultSweep: Sendable {
  public var moment: FaultTrial.Moment
  public var calls: Set<Fault.Call>
  public var effect: Fault.Effect
  /// Whether every further call fails too.
  public var lasts: Bool
  public var durability: Durability
  public var seed: UInt64

  public init(
    _ moment: FaultTrial.Moment, _ calls: Set<Fault.Call>, _ effect: Fault.Effect, lasts: Bool = false,
    _ durability: Durability = .full, seed: UInt64 = 1
  ) {
    self.seed = seed
    self.moment = moment
    self.calls = calls
    self.effect = effect
    self.lasts = lasts
    self.durability = durability
  }

  /// What the trials of a sweep came to.
  public struct Tally: Sendable, Codable {
    public var cases = 0
    /// In how many of them the fault happened.
    public var fired = 0
    public var lost = 0
    public var torn = 0
    public var broken = 0
    /// A line for each that failed.
    public var findings: [String] = []

    public init() {}

    public static func += (left: inout Tally, right: Tally) {
      left.cases += right.cases
      left.fired += right.fired
      left.lost += right.lost
      left.torn += right.torn
      left.broken += right.broken
      left.findings += right.findings
    }
  }

  /// Runs the trials, each on a fresh store below `directory`.
  ///
  /// - Parameters:
  ///   - fixture: Makes the stores.
  ///   - injector: Lets the calls fail.
  ///   - directory: An existing folder.
  ///   - skips: Whether numbers are left out after the first few (1, 2, 3, 5, 8, 13…), for a quick look.
  ///   - most: After so many calls it stops.
  public func run(
    on fixture: BackendFixture, with injector: FaultInjector, in directory: String, skips: Bool = false, most: Int = 400
  ) -> Tally {
    var tally = Tally()
    var (number, step) = (1, 1)
    while number <= most {
      let trial = FaultTrial(
        moment, Fault(calls, first: number, count: lasts ? nil : 1, effect), durability, seed: seed)
      let place = directory + "/\(fixture.name)-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: place) }
      tally.cases += 1
      do {
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        if try trial.run(on: fixture, with: injector, in: place) == 0 { break }
        tally.fired += 1
      } catch {
        let kind = (error as? FaultTrial.Finding)?.kind ?? .broken
        // It can have gone wrong only because of the fault.
        tally.fired += 1
        switch kind {
        case .lost: tally.lost += 1
        case .torn: tally.torn += 1
        case .broken: tally.broken += 1
        }
        tally.findings.append("\(fixture.name), \(trial): \(error)")
      }
      // A quick look is over at the first that is found.
      if skips && !tally.findings.isEmpty { break }
      (number, step) = (number + step, skips ? max(step, number > 2 ? number / 2 : 1) : 1)
    }
    return tally
  }
}

extension FaultSweep: CustomStringConvertible {
  public var description: String {
    "\(moment.rawValue) at .\(durability.rawValue), \(Fault(calls, count: lasts ? nil : 1, effect))"
  }
}
