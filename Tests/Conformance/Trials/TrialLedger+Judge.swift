extension TrialLedger {
  /// How a writing child came to its end.
  enum Event: Hashable, Sendable {
    /// Killed, or it ended by itself: all that was acknowledged must be there.
    case death
    /// The power of its disk failed.
    case cut
  }

  /// Compares what was found afterwards with what may be there, and goes on from what was found.
  mutating func judge(_ finding: TrialFinding, after event: Event) {
    for problem in finding.problems { faults.append(.damaged(problem)) }
    if finding.last.contains(where: { $0 > 0 }) {
      judgeRows(finding, after: event)
    } else {
      judgeAbsence(after: event)
    }
    settle(finding, after: event)
  }

  /// The faults so far, which are then forgotten.
  mutating func takeFaults() -> [Fault] {
    defer { faults = [] }
    return faults
  }

  private mutating func judgeAbsence(after event: Event) {
    if phase == .dropping || phase == .dropped || event == .cut && fate != .kept { return }
    for (number, lane) in lanes.enumerated() where floor(of: lane, event) > 0 {
      faults.append(.lost("the store is empty, and lane \(number) had batch \(floor(of: lane, event))"))
      return
    }
  }

  private mutating func judgeRows(_ finding: TrialFinding, after event: Event) {
    if phase == .dropped { faults.append(.damaged("a dropped store came back")) }
    if event == .cut && fate == .discarded {
      faults.append(.damaged("a volatile store was not discarded after a power cut"))
    }
    guard finding.generation == generation else {
      faults.append(
        .damaged("rows of generation \(finding.generation ?? 0), and the store is of generation \(generation)"))
      return
    }
    for (number, (lane, last)) in zip(lanes, finding.last).enumerated() {
      let floor = floor(of: lane, event)
      if last < floor { faults.append(.lost("lane \(number) has batch \(last) and had \(floor)")) }
      if last > lane.begun {
        faults.append(.damaged("lane \(number) has batch \(last), which was not begun: that was \(lane.begun)"))
      }
      for (other, before) in (lane.before[last] ?? []).enumerated() where finding.last[other] < before {
        faults.append(
          .damaged(
            "batch \(last) of lane \(number) is there, but not batch \(before) of lane \(other), which came before"))
      }
    }
  }

  /// The batch that a lane must at least have.
  private func floor(of lane: Lane, _ event: Event) -> UInt64 {
    event == .death || fate == .keptOrDiscarded ? lane.acknowledged : lane.durable
  }

  private mutating func settle(_ finding: TrialFinding, after event: Event) {
    for (number, last) in finding.last.enumerated() {
      lanes[number].before = [:]
      lanes[number].begun = last
      lanes[number].acknowledged = last
      // What a fresh mount shows is on the disk.
      lanes[number].durable = event == .cut ? last : min(last, lanes[number].durable)
    }
    if let found = finding.generation { generation = found }
    if event == .cut { fate = .kept }
    phase = .none
  }
}
