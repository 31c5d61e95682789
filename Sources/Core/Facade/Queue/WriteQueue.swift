import Synchronization

/// The ordered queue between a job's callers and its backend.
///
/// Bounded in bytes: over the bound the calls that queue suspend, in order. One thread of the writer pool at a time serves it:
/// it takes what is queued and commits it as one group, each batch keeping its own atomicity, order and outcome.
final class WriteQueue: Sendable {
  struct State {
    /// Queued, in commit order.
    var pending = FIFO<QueuedWrite>()
    /// Over the bound, in the order they came.
    var waiting = FIFO<QueuedWrite>()
    /// The bytes of what is pending or being committed.
    var bytes = 0
    var isServed = false
    var isClosed = false
    /// The number of the last write queued, and of the last that is settled: all before it are too.
    var queued: UInt64 = 0
    var settled: UInt64 = 0
    var settlement: [SettlementWait] = []
  }

  let backend: any KvBackend
  let failures: FailureLog
  private let bound: Int
  let state = Locked(State())
  /// How many writes are queued and not settled: what a read looks at.
  private let outstanding = Atomic<Int>(0)
  /// Whether a commit of unknown outcome happened: the close is then not called clean.
  private let doubt = Atomic<Bool>(false)
  /// Odd while a commit runs; a reader that finds it even and unchanged has seen one state.
  let generation = Atomic<UInt64>(0)
  /// A forked child has none of the threads that would serve what it queues.
  private let fork = ForkGuard()
  /// Kept as long as something may be queued, also when the job is let go without being closed.
  private let lock: JobLock?

  /// What an op costs in memory beside its bytes: two array headers and its place in the batch.
  static let overheadBytes = 128

  init(backend: any KvBackend, bound: Int, failures: FailureLog, lock: JobLock?) {
    self.backend = backend
    self.lock = lock
    self.bound = max(1, bound)
    self.failures = failures
  }

  /// Whether every write queued so far is settled.
  var isSettled: Bool { outstanding.load(ordering: .acquiring) == 0 }

  var isInDoubt: Bool { doubt.load(ordering: .acquiring) }

  // MARK: Queueing

  /// Queues a write that nobody waits for, if there is room; false when the queue is at its bound.
  func offer(_ write: QueuedWrite) throws(PersistencyError) -> Bool {
    if fork.isForked { throw CallGate.forked }
    return try state.withLock { state throws(PersistencyError) in
      if state.isClosed { throw Self.closed }
      guard hasRoom(for: write, in: state) else { return false }
      admit(write, in: &state)
      return true
    }
  }

  /// Queues a write and waits for what it says: its admission, or its commit.
  func submit(_ write: QueuedWrite) async throws(PersistencyError) -> Bool {
    if write.awaiting != .commit, try offer(write) { return true }
    if fork.isForked { throw CallGate.forked }
    let answer = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in place(write, continuation) }
    } onCancel: {
      cancel(write)
    }
    return try answer.get()
  }

  private func place(_ write: QueuedWrite, _ continuation: UnsafeContinuation<QueuedWrite.Answer, Never>) {
    let answer: QueuedWrite.Answer? = state.withLock { state in
      if write.stage == .done { return .failure(Self.cancelled(.notApplied)) }
      if state.isClosed { return .failure(Self.closed) }
      if hasRoom(for: write, in: state) {
        admit(write, in: &state)
        if write.awaiting != .commit { return .success(true) }
      } else {
        write.stage = .waiting
        state.waiting.append(write)
      }
      write.reply = continuation
      return nil
    }
    if let answer { continuation.resume(returning: answer) }
  }

  private func cancel(_ write: QueuedWrite) {
    var replies: [(UnsafeContinuation<QueuedWrite.Answer, Never>, QueuedWrite.Answer)] = []
    state.withLock { state in
      let outcome: PersistencyError.Outcome
      let waited = write.stage == .waiting
      switch write.stage {
      // Its call has returned, or is about to: it is queued, and stays so.
      case .pending where write.awaiting == .admission: return
      case .new, .waiting, .pending:
        // It keeps its place, with nothing to do, so that the numbers stay without a gap.
        write.withdraw()
        outcome = .notApplied
      case .committing: outcome = .unknown
      case .done: return
      }
      if let reply = write.takeReply() { replies.append((reply, .failure(Self.cancelled(outcome)))) }
      // Those behind it may fit where it did not.
      if waited { admitWaiting(in: &state, &replies) }
    }
    for (continuation, answer) in replies { continuation.resume(returning: answer) }
  }

  /// A batch over the bound is admitted alone; nobody overtakes those who wait.
  private func hasRoom(for write: QueuedWrite, in state: borrowing State) -> Bool {
    state.waiting.isEmpty && fits(write, in: state)
  }

  private func fits(_ write: QueuedWrite, in state: borrowing State) -> Bool {
    state.bytes == 0 || state.bytes + write.bytes <= bound
  }

  private func admit(_ write: QueuedWrite, in state: inout State) {
    state.queued += 1
    write.sequence = state.queued
    if write.stage != .done { write.stage = .pending }
    state.bytes += write.bytes
    state.pending.append(write)
    outstanding.add(1, ordering: .acquiringAndReleasing)
    guard !state.isServed else { return }
    state.isServed = true
    WorkerPool.writers.submit { self.serve() }
  }

  // MARK: Serving

  /// Commits one group, and gives the thread back; what came meanwhile is served in its turn.
  private func serve() {
    let group = state.withLock { takeGroup(from: &$0) }
    generation.add(1, ordering: .acquiringAndReleasing)
    let answers = commit(group)
    generation.add(1, ordering: .acquiringAndReleasing)
    settle(group, answers)
  }

  /// All that is queued, up to half the bound: while it commits, the other half fills.
  private func takeGroup(from state: inout State) -> [QueuedWrite] {
    var group: [QueuedWrite] = []
    var bytes = 0
    while let next = state.pending.first, group.isEmpty || bytes + next.bytes <= bound / 2 {
      _ = state.pending.popFirst()
      bytes += next.bytes
      if next.stage != .done { next.stage = .committing }
      group.append(next)
    }
    return group
  }

  private func settle(_ group: [QueuedWrite], _ answers: [QueuedWrite.Answer]) {
    // Before anybody can see them settled, so that a flush finds them; outside the lock, because a log handler or an
    // executor is code of others, which may well call this job.
    for (write, answer) in zip(group, answers) {
      guard case .failure(let error) = answer else { continue }
      if error.outcome == .unknown { doubt.store(true, ordering: .releasing) }
      if write.awaiting != .commit { failures.record(error, of: write.sequence) }
    }
    var replies: [(UnsafeContinuation<QueuedWrite.Answer, Never>, QueuedWrite.Answer)] = []
    var reached: [UnsafeContinuation<Bool, Never>] = []
    let again = state.withLock { state in
      for (write, answer) in zip(group, answers) {
        state.bytes -= write.bytes
        state.settled = write.sequence
        if write.stage == .done { continue }
        write.stage = .done
        if let reply = write.takeReply() { replies.append((reply, answer)) }
      }
      outstanding.subtract(group.count, ordering: .acquiringAndReleasing)
      admitWaiting(in: &state, &replies)
      state.settlement.removeAll { wait in
        guard wait.sequence <= state.settled else { return false }
        if let reply = wait.takeReply() { reached.append(reply) }
        return true
      }
      state.isServed = !state.pending.isEmpty
      return state.isServed
    }
    if again { WorkerPool.writers.submit { self.serve() } }
    for (continuation, answer) in replies { continuation.resume(returning: answer) }
    for continuation in reached { continuation.resume(returning: true) }
  }

  private func admitWaiting(
    in state: inout State, _ replies: inout [(UnsafeContinuation<QueuedWrite.Answer, Never>, QueuedWrite.Answer)]
  ) {
    while let next = state.waiting.first, next.stage == .done || fits(next, in: state) {
      _ = state.waiting.popFirst()
      if next.stage == .done { continue }
      admit(next, in: &state)
      if next.awaiting == .admission, let reply = next.takeReply() { replies.append((reply, .success(true))) }
    }
  }

  // MARK: Closing

  /// Refuses new writes; those queued or waiting are served.
  func close() {
    state.withLock { $0.isClosed = true }
  }

  /// - Throws: `.closed` after ``close()``.
  func checkOpen() throws(PersistencyError) {
    if state.withLock({ $0.isClosed }) { throw Self.closed }
  }

  static var closed: PersistencyError { PersistencyError(.closed, "the job is closed; open it again") }

  static func cancelled(_ outcome: PersistencyError.Outcome) -> PersistencyError {
    PersistencyError(
      .cancelled,
      outcome == .notApplied
        ? "the task was cancelled; the write was withdrawn"
        : "the task was cancelled while the write was being committed", outcome: outcome)
  }
}
