import Foundation
import PersistencyCore

/// A store under trial: its place, its children, and what is known of it.
struct TrialSubject {
  let program: ChildProgram
  /// Where the children's standard error goes.
  private let log: String
  private(set) var order: TrialOrder
  var ledger: TrialLedger

  init(
    _ fixture: BackendFixture, _ program: ChildProgram, _ layer: TrialLayer, _ durability: Durability,
    _ place: TrialPlace, store: String? = nil, random: inout SeededGenerator
  ) {
    self.program = program
    log = place.log
    let script = TrialScript(
      seed: random.next(), lanes: Int.random(in: 1...3, using: &random), window: Int.random(in: 8...60, using: &random))
    order = TrialOrder(
      task: .write, engine: fixture.name, layer: layer, level: durability.rawValue, directory: store ?? place.store,
      script: script)
    ledger = TrialLedger(lanes: script.lanes, durability: durability)
  }

  // MARK: Children

  /// Starts a child that writes.
  ///
  /// - Parameter wrapper: Words before the child's own: a program that starts it.
  mutating func write(run: UInt64, durability: Durability, staysOpen: Bool = false, wrapper: [String] = []) throws
    -> ChildProcess
  {
    prepare(.write, durability, staysOpen: staysOpen)
    order.run = run
    return try ChildProcess(wrapper + program.words(for: order), errors: log)
  }

  /// Learns from a child's lines until it ends, or `isEnough` says so after a line or a while without one.
  ///
  /// - Returns: Whether it ended.
  mutating func follow(_ child: ChildProcess, until isEnough: (TrialLedger, _ lines: Int, _ elapsed: Duration) -> Bool)
    -> Bool
  {
    let start = ContinuousClock.now
    var lines = 0
    while !isEnough(ledger, lines, ContinuousClock.now - start) {
      switch child.read(within: 2) {
      case .lines(let some):
        lines += some.count
        for line in some { ledger.take(line) }
      case .end: return true
      }
    }
    return false
  }

  /// Learns what a child that is killed or stopped has still said.
  mutating func drain(_ child: ChildProcess) {
    while case .lines(let lines) = child.read(within: 0), !lines.isEmpty { for line in lines { ledger.take(line) } }
  }

  /// Has a fresh process say what is there after `event`, compares, and takes the faults.
  mutating func verify(
    after event: TrialLedger.Event, durability: Durability, staysOpen: Bool = false
  ) throws -> [TrialLedger.Fault] {
    prepare(.verify, durability, staysOpen: staysOpen)
    let had = ledger.lanes
    order.mustExist = had.contains { event == .cut ? $0.durable > 0 : $0.acknowledged > 0 }
    let child = try ChildProcess(try program.words(for: order), errors: log)
    var lines = child.readToEnd(within: 120)
    let ending = child.wait()
    guard ending == .exited(0), let last = lines.popLast(),
      let finding = try? JSONDecoder().decode(TrialFinding.self, from: Data(last.utf8))
    else {
      let said = lines.last.map { ", after “\($0)”" } ?? ""
      let complaint = (try? String(contentsOfFile: log, encoding: .utf8).suffix(2_000)) ?? ""
      return ledger.takeFaults() + [.damaged("the process that opened it ended: \(ending)\(said); \(complaint)")]
    }
    ledger.judge(finding, after: event)
    for line in lines { ledger.take(line) }
    return ledger.takeFaults()
  }

  private mutating func prepare(_ task: TrialOrder.Task, _ durability: Durability, staysOpen: Bool) {
    order.task = task
    order.level = durability.rawValue
    order.staysOpen = staysOpen
    order.generation = ledger.generation + 1
    ledger.durability = durability
  }
}
