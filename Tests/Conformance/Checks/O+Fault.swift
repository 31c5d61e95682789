import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// O: system calls that fail, the n-th of a kind for each n.
  static let faults: [ConformanceCheck] = [
    sweep(
      "fault.disk-full",
      "Whichever write finds the disk full, its batch is not applied, reads go on, and with room the same handle writes again",
      "4.14", FaultSweep.fullDisk, mustFire: true),
    sweep(
      "fault.write-fails", "Whichever write fails, its batch is there whole or not at all, and reads go on", "4.13",
      FaultSweep.failedWrites, mustFire: true),
    sweep(
      "fault.sync-fails",
      "After a sync that failed the outcome is unknown, or nothing was applied, and no later write says that it succeeded in between",
      "4.13", FaultSweep.failedSyncs, mustFire: true),
    sweep(
      "fault.short-write", "A write that takes half of its bytes loses and tears nothing", "4.13",
      FaultSweep.shortWrites),
    sweep(
      "fault.descriptors-run-out",
      "Without a descriptor to be had a call fails or does without, and the next one works", "4.14",
      FaultSweep.fewDescriptors),
    sweep(
      "fault.mappings-run-out", "Without address space to be had a call fails or does without, and the next one works",
      "4.14",
      FaultSweep.fewMappings),
    sweep(
      "fault.read-fails", "A read that fails is an error, never a wrong row or a missing one", "4.14",
      FaultSweep.reading),
    sweep(
      "fault.opening-fails",
      "Whatever fails while a store opens, it loses nothing, holds nothing open, and opens afterwards",
      "4.14", FaultSweep.opening, mustFire: true),
    sweep(
      "fault.making-fails",
      "Whatever fails while a store is made, nothing stays open or in the way, and it is made afterwards", "4.14",
      FaultSweep.making, mustFire: true),
    sweep(
      "fault.closing-fails", "Whatever fails while a store closes, it closes, and what was acknowledged is there",
      "4.11",
      FaultSweep.closing),
    ConformanceCheck(
      "fault.no-needless-calls", "An empty batch, and one over a limit, write nothing", paragraph: "4.3", tier: .fault,
      unless: exemption
    ) { check in
      guard let injector = check.fixture.faults else { return }
      let store = try check.open([.set("a", "1")])
      try injector.during(Fault([.write, .sync, .truncate], .error(noSpace)), below: check.directory) { armed in
        try store.applyOps([])
        try check.expectEqual(store.applyGroup([[], []], sync: false).outcomes, ["ok", "ok"], "the outcomes")
        let tooLong = TxOp.put(category: "c", key: .run(0x61, store.limits.keyBytes + 1), payload: [])
        try check.expectError(.invalidArgument) { try store.applyOps([.set("b", "2"), tooLong]) }
        try check.expectEqual(armed.seen, 0, "the number of writing calls")
      }
      try check.expectStore(store, ["a=1"])
    },
  ]

  private static let exemption: @Sendable (BackendFixture) -> String? = { fixture in
    if !fixture.capabilities.persistent { return "not persistent: it makes no system calls that could fail" }
    return fixture.faults == nil ? "the fixture has nothing that makes system calls fail" : nil
  }

  private static func sweep(
    _ id: String, _ rule: String, _ paragraph: String, _ sweeps: [FaultSweep], mustFire: Bool = false
  ) -> ConformanceCheck {
    ConformanceCheck(id, rule, paragraph: paragraph, tier: .fault, unless: exemption) { check in
      guard let injector = check.fixture.faults else { return }
      let levels: [Durability] = [.full, .consistent].filter(check.fixture.capabilities.durability.contains)
      guard let level = levels.first else { return }
      var fired = 0
      for var sweep in sweeps {
        sweep.durability = level
        sweep.seed = check.seed
        let tally = sweep.run(on: check.fixture, with: injector, in: check.directory, skips: true)
        fired += tally.fired
        check.expectations.add(tally.cases, ordering: .relaxed)
        try check.expect(tally.findings.isEmpty, tally.findings.prefix(3).joined(separator: "\n"))
      }
      // A fault that never comes about shows nothing.
      try check.expect(!mustFire || fired > 0, "no call was made to fail: does the store use the system's own?")
    }
  }
}
