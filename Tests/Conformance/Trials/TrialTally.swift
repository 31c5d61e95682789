/// What came of trials, to be added up.
public struct TrialTally: Hashable, Sendable {
  /// How many times a child was killed, or its power cut, and what it left was looked at.
  public var cycles = 0
  /// Of these, kills at a chosen system call.
  public var atSystemCalls = 0
  /// Kills that came too late: the child had ended by itself.
  public var missed = 0
  /// Findings that an acknowledged batch was gone.
  public var lost = 0
  /// Findings of everything else that was not as promised: half a batch, a batch never begun, a store that does not open, a complaint
  /// of the engine's own check.
  public var damaged = 0
  /// What was found, each with what it takes to see it again.
  public var findings: [String] = []

  public init() {}

  public static func += (total: inout TrialTally, part: TrialTally) {
    total.cycles += part.cycles
    total.atSystemCalls += part.atSystemCalls
    total.missed += part.missed
    total.lost += part.lost
    total.damaged += part.damaged
    total.findings += part.findings
  }

  mutating func count(_ faults: [TrialLedger.Fault], _ circumstances: String) {
    for fault in faults {
      switch fault {
      case .lost(let what):
        lost += 1
        findings.append("LOST \(circumstances): \(what)")
      case .damaged(let what):
        damaged += 1
        findings.append("DAMAGED \(circumstances): \(what)")
      }
    }
  }
}
