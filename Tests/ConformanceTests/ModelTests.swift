import PersistencyCore
import Testing

@testable import PersistencyConformance

@Suite("Random histories")
struct ModelTests {
  @Test("are the same for the same seed")
  func seeded() {
    var first = HistoryGenerator(.everything, limits: .embedded, seed: 5)
    var again = HistoryGenerator(.everything, limits: .embedded, seed: 5)
    var other = HistoryGenerator(.everything, limits: .embedded, seed: 6)
    let history = first.history(steps: 50)
    #expect(history == again.history(steps: 50))
    #expect(history != other.history(steps: 50))
  }

  @Test("find hits and conflicts, not only misses")
  func meet() {
    var generator = HistoryGenerator(.everything, limits: .embedded, seed: 1)
    let store = ReferenceBackend()
    var conflicts = 0
    var committed = 0
    var hits = 0
    for step in generator.history(steps: 2_000) {
      switch step.perform(on: store) {
      case .failed(.conflict): conflicts += 1
      case .outcomes(let outcomes): committed += outcomes.count { $0 == nil }
      case .payload(_?): hits += 1
      default: break
      }
    }
    #expect(conflicts > 20)
    #expect(committed > 100)
    #expect(hits > 20)
  }

  @Test(
    "of a broken backend shrink to three calls or fewer",
    arguments: [
      "order.signed-bytes", "keys.cut-at-511-bytes", "batch.delete-lost", "range.takes-stop", "range.skips-start",
      "payload.empty-is-missing", "delete-range.removes-later-puts", "scan.limit-before-reverse",
      "group.outcomes-shifted", "delete-one.always-true", "count.off-by-one", "category.canonical",
    ])
  func shrinks(_ name: String) throws {
    let broken = try #require(BrokenBackend.all.first { $0.name == name })
    // More than one seed, should one never come across the fault.
    var failure: ConformanceFailure?
    for seed in 1...8 as ClosedRange<UInt64> where failure == nil {
      do {
        try DifferentialRun.run(fixtures: [broken.fixture], seed: seed)
      } catch let error as ConformanceFailure {
        failure = error
      }
    }
    let found = try #require(failure)
    let calls = found.message.split(separator: "\n").filter { $0.contains("store.") && !$0.hasPrefix("//") }
    #expect(calls.count <= 3, "\(found.message)")
    #expect(found.message.contains("// seed \(found.seed);"))
    #expect(found.message.contains("// gives "))
  }

  @Test("find what is lost by a kill, by a failing system call, and by an import")
  func notice() async throws {
    // It keeps its rows in memory until it is closed.
    try await expectCaught(.onPretendDisk(nil), by: "model.crash")
    for flaw in [BrokenBackend.Flaw.fullDiskKeepsHalf, .appliedThoughNotApplied] {
      try await expectCaught(.onPretendDisk(flaw), by: "model.fault")
    }
    let lossy = BrokenBackend("import.loses", "An import loses its last row.") { calls, store in
      calls.importRows = { rows throws(PersistencyError) in try store.importRows(Array(rows.dropLast())) }
    }
    try await expectCaught(lossy.fixture, by: "model.copy")
  }

  private func expectCaught(_ fixture: BackendFixture, by id: String) async throws {
    let check = try #require(ConformanceCheck.all.first { $0.id == id })
    #expect(check.notApplicableReason(for: fixture) == nil)
    var failure: ConformanceFailure?
    for seed in 1...8 as ClosedRange<UInt64> where failure == nil {
      do {
        try await check.run(fixture, seed: seed * 10, faces: [.raw])
      } catch let error as ConformanceFailure {
        failure = error
      }
    }
    #expect(
      failure?.message.contains("// gives ") == true,
      "\(id) did not notice \(fixture.name): \(String(describing: failure))")
  }

  @Test("count what happened in them, and each thing does")
  func tally() throws {
    var total = HistoryTally()
    for seed in 1...4 as ClosedRange<UInt64> {
      total += try DifferentialRun.run(fixtures: [.reference], seed: seed, steps: 200)
    }
    #expect(total.histories == 4 && total.calls == 4 * 201)
    // The yardstick keeps nothing: it is copied only.
    #expect(total.copied > 10 && total.crashed == 0 && total.reopened == 0 && total.faults == 0)
  }

  @Test("print as Swift")
  func code() {
    let key = Key(rawBytes: [UInt8](repeating: 0x61, count: 511) + [0, 255])
    let put = HistoryStep.apply([.put(category: "e\u{301}\0", key: key, payload: [])])
    #expect(
      put.swiftCode == """
        try store.applyOps([.put(category: "e\\u{0301}\\0", \
        key: Key(rawBytes: [UInt8](repeating: 97, count: 511) + [0, 255]), payload: [])])
        """)
    let scan = HistoryStep.scan(
      category: "", range: KeyRange(start: Key(), stop: Key(rawBytes: [1])), reverse: true, limit: 2)
    #expect(
      scan.swiftCode == """
        _ = try store.scanRange(category: "", range: KeyRange(start: Key(), stop: Key(rawBytes: [1])), \
        reverse: true, limit: 2)
        """)
    let faulty = HistoryStep.faulty([.delete(category: "c", key: Key())], Fault([.write], first: 2, .error(5)))
    #expect(
      faulty.swiftCode == """
        try faults.during(Fault([.write], first: 2, .error(5)), below: directory) { _ in \
        try store.applyOps([.delete(category: "c", key: Key())]) }
        """)
  }
}
