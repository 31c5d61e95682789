import PersistencyCore
import Testing

@testable import PersistencyConformance

@Suite("What the parent of a killed process may expect")
struct TrialLedgerTests {
  private var ledger: TrialLedger

  init() { ledger = TrialLedger(lanes: 2, durability: .consistent) }

  /// The ledger after these lines.
  private func after(_ lines: String..., at level: Durability = .consistent) -> TrialLedger {
    var ledger = ledger
    ledger.durability = level
    for line in lines { ledger.take(line) }
    return ledger
  }

  /// What it says of lanes that have got so far; nil generation for an empty store.
  private func faults(
    _ ledger: TrialLedger, _ event: TrialLedger.Event, found last: [UInt64], generation: UInt64? = 1
  ) -> String {
    var ledger = ledger
    var finding = TrialFinding(lanes: 2)
    (finding.last, finding.generation) = (last, last == [0, 0] ? nil : generation)
    ledger.judge(finding, after: event)
    return ledger.takeFaults().map { if case .lost = $0 { "lost" } else { "damaged" } }.joined(separator: " ")
  }

  @Test("after a kill, what was acknowledged is there, and nothing that was not begun")
  func killed() {
    let ledger = after("- opening", "- opened 1", "0 > 5", "0 = 5", "1 > 1", "0 > 9")
    #expect(faults(ledger, .death, found: [5, 0]) == "")
    #expect(faults(ledger, .death, found: [9, 1]) == "")
    #expect(faults(ledger, .death, found: [4, 0]) == "lost")
    #expect(faults(ledger, .death, found: [10, 1]) == "damaged")
    #expect(faults(ledger, .death, found: [0, 0]) == "lost")
    #expect(faults(ledger, .death, found: [5, 0], generation: 7) == "damaged")
  }

  @Test("after a power cut at .consistent the last moments may be missing, in the order they came")
  func cutConsistent() {
    let ledger = after("- opened 1", "0 > 1", "0 = 1", "1 > 1", "1 = 1", "0 > 2", "0 = 2")
    #expect(faults(ledger, .cut, found: [0, 0]) == "")
    #expect(faults(ledger, .cut, found: [2, 1]) == "")
    // Batch 2 of lane 0 came after batch 1 of lane 1.
    #expect(faults(ledger, .cut, found: [2, 0]) == "damaged")
    #expect(faults(ledger, .cut, found: [3, 1]) == "damaged")
  }

  @Test("a durable batch makes durable what was acknowledged before it began")
  func durable() {
    let ledger = after("- opened 1", "1 > 4", "1 = 4", "0 ? 2", "1 > 5", "1 = 5", "0 ! 2")
    #expect(faults(ledger, .cut, found: [2, 4]) == "")
    #expect(faults(ledger, .cut, found: [2, 3]) == "damaged lost")
    #expect(faults(ledger, .cut, found: [1, 4]) == "lost")
    #expect(faults(after("- opened 1", "0 > 3", "0 = 3", at: .full), .cut, found: [2, 0]) == "lost")
  }

  @Test("a volatile store is empty after a power cut, or whole when it was closed")
  func volatile() {
    let open = after("- opening", "- opened 1", "0 > 3", "0 = 3", at: .volatile)
    #expect(faults(open, .cut, found: [0, 0]) == "")
    #expect(faults(open, .cut, found: [3, 0]) == "damaged")
    #expect(faults(open, .death, found: [3, 0]) == "")
    var closing = open
    closing.take("- closing")
    #expect(faults(closing, .cut, found: [0, 0]) == "")
    #expect(faults(closing, .cut, found: [3, 0]) == "")
    #expect(faults(closing, .cut, found: [2, 0]) == "lost")
    var closed = closing
    closed.take("- closed")
    #expect(faults(closed, .cut, found: [0, 0]) == "lost")
    #expect(faults(closed, .cut, found: [3, 0]) == "")
    // Opened again, it may be discarded before anything is written.
    closed.take("- opening")
    #expect(faults(closed, .cut, found: [0, 0]) == "")
    #expect(faults(closed, .cut, found: [3, 0]) == "")
  }

  @Test("a volatile store that was killed, and opened at another level, is there after a power cut")
  func raised() {
    var ledger = after("- opening", "- opened 1", "0 > 3", "0 = 3", at: .volatile)
    ledger.durability = .full
    ledger.take("- opening")
    #expect(faults(ledger, .cut, found: [0, 0]) == "")
    #expect(faults(ledger, .cut, found: [3, 0]) == "")
    ledger.take("- opened 1")
    #expect(faults(ledger, .cut, found: [0, 0]) == "lost")
    #expect(faults(ledger, .cut, found: [3, 0]) == "")
  }

  @Test("a dropped store does not come back, and one that is being dropped is whole or gone")
  func dropped() {
    let dropping = after("- opened 1", "0 > 3", "0 = 3", "- dropping")
    #expect(faults(dropping, .death, found: [0, 0]) == "")
    #expect(faults(dropping, .death, found: [3, 0]) == "")
    #expect(faults(dropping, .death, found: [2, 0]) == "lost")
    var dropped = dropping
    dropped.take("- dropped")
    #expect(faults(dropped, .cut, found: [0, 0]) == "")
    #expect(faults(dropped, .death, found: [3, 0]).contains("damaged"))
    dropped.take("- opened 2")
    dropped.take("0 > 1")
    #expect(faults(dropped, .death, found: [1, 0], generation: 1) == "damaged")
    #expect(faults(dropped, .death, found: [1, 0], generation: 2) == "")
  }

  @Test("a store that a clean reopening finds shorter, or new, has lost something")
  func reopened() {
    var ledger = after("- opened 1", "0 > 3", "0 = 3", "- closing", "- closed", "- opened 1", "0 > 3")
    #expect(ledger.takeFaults().count == 1)
    ledger = after("- opened 1", "0 > 3", "0 = 3", "- closed", "- opened 2")
    #expect(ledger.takeFaults().count == 1)
  }
}
