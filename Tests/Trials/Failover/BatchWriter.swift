import Foundation
import PersistencyConformance
import PersistencyCore
import Synchronization

/// One writer: batch after batch into a job of its own, each acknowledged before the next, and what it knows of them.
final class BatchWriter: Sendable {
  /// What a writer does when the job is refused as `.corrupted` or `.locked`.
  enum Refused { case stops, opensAgain }

  struct Account {
    /// The last batch that was acknowledged, or found to be in after a commit of unknown outcome.
    var acknowledged = 0
    /// The longest time between two acknowledgements.
    var gap = Duration.zero
    var lastAt: ContinuousClock.Instant?
    /// How many batches were acknowledged below `.full`, and not there when the job was opened again.
    var takenBack = 0
    /// How many commits ended with an unknown outcome.
    var unknown = 0
    /// What the job was refused with, as `.corrupted` or `.locked`.
    var refusals: [PersistencyError] = []
    /// What is not as promised.
    var findings: [String] = []
  }

  let id: String
  let batches: Batches
  private let jobs: Persistency
  private let options: JobOptions
  private let refused: Refused
  private let account = Mutex(Account())

  init(_ number: Int, in jobs: Persistency, _ options: JobOptions, seed: UInt64, refused: Refused) {
    id = "writer-\(number)"
    batches = Batches(seed: seed, writer: number)
    self.jobs = jobs
    self.options = options
    self.refused = refused
  }

  var now: Account { account.withLock { $0 } }

  /// How many batches it had acknowledged, those that were taken back with them.
  var progress: Int { account.withLock { $0.acknowledged + $0.takenBack } }

  // MARK: Writing

  /// Until the flag is set, or until there is something that makes it stop.
  func run(until stop: TrialFlag) async {
    var number = 1
    var job: Job?
    while !stop.isSet {
      do throws(PersistencyError) {
        guard let open = job else {
          let opened = try await jobs.openJob(id, options: options)
          let head = try await Batches.head(opened)
          if head < number - 1 {
            // At .full not this writer's to mend: what it was told is in is not.
            guard options.durability != .full else {
              find("opened again, the job is at batch \(head), and batch \(number - 1) was acknowledged")
              return
            }
            takeBack(to: head)
            number = head + 1
          }
          if head == number {
            acknowledge(number)
            number += 1
          }
          job = opened
          continue
        }
        try await open.apply(batches.ops(number))
        acknowledge(number)
        number += 1
        if number % 4 == 0 { try await look(open, atLeast: number - 1) }
      } catch {
        guard await goesOn(after: error, &job) else { return }
      }
    }
  }

  /// Reads what was acknowledged; a refusal is in order, an older state is not.
  private func look(_ job: Job, atLeast number: Int) async throws(PersistencyError) {
    let head = try await Batches.head(job)
    if head < number { find("a read sees batch \(head) after batch \(number) was acknowledged") }
  }

  private func goesOn(after error: PersistencyError, _ job: inout Job?) async -> Bool {
    if error.kind == .conflict {
      find("a batch was made twice, or another is missing: \(error)")
      return false
    }
    if error.outcome == .unknown { account.withLock { $0.unknown += 1 } }
    let isRefusal = error.kind == .corrupted || error.kind == .locked
    if isRefusal {
      account.withLock { $0.refusals.append(error) }
      if refused == .stops { return false }
    }
    // After these the job takes no writes until it is opened again.
    if isRefusal || error.outcome == .unknown || error.kind == .backend {
      try? await jobs.closeJob(id)
      job = nil
    }
    try? await Task.sleep(for: .milliseconds(50))
    return true
  }

  private func acknowledge(_ number: Int) {
    let now = ContinuousClock.now
    account.withLock { account in
      account.acknowledged = number
      if let last = account.lastAt { account.gap = max(account.gap, now - last) }
      account.lastAt = now
    }
  }

  private func takeBack(to head: Int) {
    account.withLock { account in
      account.takenBack += account.acknowledged - head
      account.acknowledged = head
    }
  }

  private func find(_ what: String) { account.withLock { $0.findings.append("\(id): \(what)") } }

  // MARK: Checking

  /// How many acknowledged batches are not in, and all that is wrong, by a job opened to check.
  func examine(_ job: Job) async throws -> (lost: Int, head: Int, faults: [String]) {
    let acknowledged = now.acknowledged
    let (head, faults) = try await batches.examine(job)
    // One more may be in: its answer had not come when the writer was told to stop.
    let beyond =
      head > acknowledged + 1 ? ["batch \(head) is in, and \(acknowledged + 1) was the last that was tried"] : []
    return (max(0, acknowledged - head), head, (faults + beyond).map { "\(id): \($0)" })
  }
}

/// Set once, and seen by all.
final class TrialFlag: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}
