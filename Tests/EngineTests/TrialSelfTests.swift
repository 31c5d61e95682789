import PersistencyConformance
import PersistencySQLite
import Testing

@Suite("The trials notice what they are there for")
struct TrialSelfTests {
  /// An engine of the program's own.
  private static func planted(_ name: String) throws -> BackendFixture {
    let program = try #require(ChildProgram.besideThisProgram("persistency-trials"))
    return BackendFixture(name: name, capabilities: Capabilities(), writer: program) { _, _ throws(PersistencyError) in
      throw PersistencyError(.unsupported, "opened in the program only")
    }
  }

  /// Adds up trials until one finds something.
  private static func tally(_ name: String, _ layer: TrialLayer) throws -> TrialTally {
    var tally = TrialTally()
    let fixture = try planted(name)
    for seed in 1...10 as ClosedRange<UInt64> where tally.findings.isEmpty {
      tally += try CrashTrial(fixture, layer: layer, durability: .consistent, seed: seed, cycles: 4).run()
    }
    return tally
  }

  @Test("A backend that acknowledges before it writes loses batches", arguments: [TrialLayer.raw, .acknowledged])
  func forgetful(layer: TrialLayer) throws {
    let tally = try Self.tally("forgetful", layer)
    #expect(tally.lost > 0, "\(tally.findings)")
  }

  @Test("A backend that writes a batch in steps tears it", arguments: [TrialLayer.raw, .queued])
  func tearing(layer: TrialLayer) throws {
    let tally = try Self.tally("tearing", layer)
    #expect(tally.damaged > 0, "\(tally.findings)")
  }

  @Test(
    "A backend that keeps something of each opening leaks it, and nothing else",
    .enabled(if: LeakTrial.obstacle == nil, "\(LeakTrial.obstacle ?? "")"),
    arguments: ["descriptors", "mappings", "threads", "memory"])
  func leaking(_ what: String) throws {
    let cycles = what == "threads" ? 500 : 200
    let report = try LeakTrial(try Self.planted("leaking-" + what), layer: .raw, seed: 1, cycles: cycles).run()
    #expect(!report.isClean && report.cycles >= cycles, "\(report)")
    // One an opening, of which there are more where memory grew with them.
    #expect(report.descriptors == (what == "descriptors" ? report.cycles : 0), "\(report)")
    #expect(report.mappings == (what == "mappings" ? report.cycles : 0), "\(report)")
    // Called like the pool's thread that starts them, they show beyond its bound.
    #expect(what == "threads" ? report.threads > 0 : report.threads == 0, "\(report)")
    // Growth that goes on is looked for once more, three times over.
    if what == "memory" { #expect(report.slope > 2_048 && report.cycles == 4 * cycles, "\(report)") }
  }

  @Test(
    "A store that says it has synced and has not loses batches in a power cut",
    .enabled(if: PowerTrial.obstacle() == nil, "needs root and loop devices"))
  func unsynced() throws {
    let fixture = try Self.planted("unsynced")
    var tally = TrialTally()
    for seed in 1...10 as ClosedRange<UInt64> where tally.findings.isEmpty {
      tally += try PowerTrial(fixture, layer: .acknowledged, durability: .full, seed: seed, cuts: 4).run()
    }
    #expect(tally.lost > 0, "\(tally.findings)")
  }

  @Test(
    "A volatile store that is read after a power cut, and not discarded, is noticed",
    .enabled(if: PowerTrial.obstacle() == nil, "needs root and loop devices"))
  func kept() throws {
    let fixture = BackendFixture(engine: .sqlite, writer: .besideThisProgram("persistency-trials"))
    var tally = TrialTally()
    for seed in 1...10 as ClosedRange<UInt64> where tally.findings.isEmpty {
      var trial = PowerTrial(fixture, layer: .queued, durability: .volatile, seed: seed, cuts: 4)
      trial.renewsBoot = false
      tally += try trial.run()
    }
    #expect(tally.damaged > 0, "\(tally.findings)")
  }
}
