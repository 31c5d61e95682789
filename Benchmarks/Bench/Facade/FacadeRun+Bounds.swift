import CYardsticks
import Foundation
import PersistencyCore

// What must not grow: the queue beyond its bound, the cost of a get with the number of deletes before it.

extension FacadeRun {
  /// Eight tasks push far more than the queue's bound through a slow disk.
  mutating func queueBound(_ engine: EngineChoice) async throws {
    let (bound, payload, count, tasks) = (1 << 20, 4096, 8192, 8)
    let backlog = Backlog()
    let options = JobOptions(durability: engine.durability(settings), queueBytes: bound)
    let counting = CountingBackend.engine(try engine.engine(settings), backlog)
    let subject = try await JobSubject(counting, root: folder(engine), options: options)
    let job = subject.job
    let before = Memory.anonymousBytes
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<tasks {
        group.addTask {
          for index in 0..<count / tasks {
            let row = task * count / tasks + index
            let op = TxOp.put(
              category: Settings.category, key: Key(Int64(row)),
              payload: [UInt8](repeating: UInt8(row & 0xFF), count: payload))
            try await job.persist([op])
            backlog.add(CountingBackend.bytes(of: [op]))
          }
        }
      }
      try await group.waitForAll()
    }
    let grown = Memory.anonymousBytes - before
    try await job.flush()
    guard try await job.count(category: Settings.category) == count else {
      throw Complaint("\(engine.rawValue) queue's bound: rows are missing")
    }
    let batch = Settings.category.utf8.count + 8 + payload
    report(
      engine, "queue's high-water, of its bound and a batch", Double(backlog.highWater) / Double(bound + batch), "×",
      .atMost(1),
      "\(backlog.highWater >> 10) of \(bound >> 10) KiB, with \((count * payload) >> 20) MiB pushed; the process grew by "
        + "\(grown >> 20) MiB")
    try await subject.close()
  }

  /// Many small deletes of prefixes, each followed by a get, and what a get costs then beside a store that had none.
  mutating func smallDeletes(_ engine: EngineChoice) async throws {
    let (deleted, twin) = (try await job(engine), try await job(engine))
    try await load([deleted, twin])
    let deletes = 10_000
    let data = self.data
    // The first two bytes of a key say where it lies; a prefix of them holds a few rows.
    let doomed = Set(data.order(2, of: data.rows).lazy.map { Self.prefix($0, data) }.uniqued(deletes))
    let kept = data.order(3, of: data.rows).lazy.filter { !doomed.contains(Self.prefix($0, data)) }
    let sample = Array(kept.prefix(20_000))
    guard let probe = sample.first else { return }
    let before = try await getRatio(sample, deleted, twin)
    let payload = data.flatPayloads(CollectionOfOne(probe))
    let key = Key(rawBytes: data.flatKeys(CollectionOfOne(probe)))
    // Where there are fewer prefixes than deletes, some find nothing left.
    let order = Array(doomed)
    let start = yard_now()
    for index in 0..<deletes {
      let prefix = Key(rawBytes: order[index % order.count])
      try await deleted.job.persistDeletePrefix(category: Settings.category, prefix: prefix)
      guard try await deleted.job.get(category: Settings.category, key: key) == payload else {
        throw Complaint("\(engine.rawValue) deletes of prefixes: a get found another payload")
      }
    }
    let each = Double(yard_now() - start) / 1000 / Double(deletes)
    let after = try await getRatio(sample, deleted, twin)
    let left = (0..<data.rows).filter { !doomed.contains(Self.prefix($0, data)) }
    try await prove([deleted], hold: left, "\(engine.rawValue) deletes of prefixes")
    report(
      engine, "get after 10,000 deletes of prefixes, to before", after.ratio / before.ratio, "×", .atMost(2),
      "\(time(after.microseconds)) µs, before \(time(before.microseconds)) µs; a delete and its get \(time(each)) µs")
    for subject in [deleted, twin] { try await subject.close() }
  }

  private static func prefix(_ row: Int, _ data: DataSet) -> [UInt8] {
    Array(data.flatKeys(CollectionOfOne(row)).prefix(2))
  }

  /// What a get costs over one of the untouched twin, in one race.
  private func getRatio(
    _ rows: [Int], _ subject: JobSubject, _ twin: JobSubject
  ) async throws -> (ratio: Double, microseconds: Double) {
    func entrant(_ name: String, _ subject: JobSubject) -> Race<Slice>.Entrant {
      .init(name: name) { slice, notes in
        var seen = Tally()
        let sample = try await Sample.timing(slice.count) { seen = try await subject.get(slice, notes) }
        try Self.compare(seen, slice.expected ?? Tally(), "gets around deletes")
        return sample
      }
    }
    var race = Race([entrant("subject", subject), entrant("twin", twin)])
    let content = loaded
    for _ in 0..<2 { _ = try await race.run(rows.count, each: 1000) { .get(Array(rows[$0]), data, content) } }
    return (race.ratio(of: "subject", to: "twin") ?? 0, race.microseconds(of: "subject") ?? 0)
  }
}

extension Sequence where Element: Hashable {
  /// The first `count` different elements.
  fileprivate func uniqued(_ count: Int) -> [Element] {
    var seen = Set<Element>()
    var found: [Element] = []
    for element in self where seen.insert(element).inserted {
      found.append(element)
      if found.count == count { break }
    }
    return found
  }
}
