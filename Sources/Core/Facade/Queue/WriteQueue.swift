import Synchronization

/// The ordered queue between a job's callers and its backend.
///
/// Bounded in bytes: over the bound the calls that queue suspend, in order. One thread of the writer pool at a time serves it:
/// it takes what is queued and commits it as one group, each batch keeping its own atomicity, order and outcome.
final class WriteQueue: Sendable {
  struct State {
    /// Queued, in commit order.
    var pending = QueuedBatches()
    /// Over the bound, in the order they came.
    var waiting = FIFO<QueuedWrite>()
    /// The bytes of what is pending or being committed.
    var bytes = 0
    var isServed = false
    var isClosed = false
    /// The number of the last write queued, of the last that a commit began for, and of the last that is settled: all before it are too.
    var queued: UInt64 = 0
    var taken: UInt64 = 0
    var settled: UInt64 = 0
    var settlement: [SettlementWait] = []

    /// A batch over the bound is admitted alone; nobody overtakes those who wait.
    func hasRoom(for size: Int, bound: Int) -> Bool { waiting.isEmpty && fits(size, bound: bound) }

    func fits(_ size: Int, bound: Int) -> Bool { bytes == 0 || bytes + size <= bound }
  }

  typealias Reply = (UnsafeContinuation<QueuedWrite.Answer, Never>, QueuedWrite.Answer)

  let backend: any KvBackend
  let failures: FailureLog
  /// Nil where no metrics backend is installed.
  let metrics: JobMetrics?
  let bound: Int
  let state = Locked(State())
  /// How many writes are queued and not settled, written under the lock only: what a read looks at.
  let outstanding = Atomic<Int>(0)
  /// Whether a commit of unknown outcome happened: the close is then not called clean.
  let doubt = Atomic<Bool>(false)
  /// Odd while a commit runs; a reader that finds it even and unchanged has seen one state.
  let generation = Atomic<UInt64>(0)
  /// A forked child has none of the threads that would serve what it queues.
  private let fork = ForkGuard()
  /// Kept as long as something may be queued, also when the job is let go without being closed.
  private let lock: JobLock?
  /// What is acknowledged as durable must still be found there.
  let place: StorePlace?
  /// Whether every commit is acknowledged as durable.
  let isDurable: Bool

  /// What an op costs in memory beside its bytes: two array headers and its place in the batch.
  private static let overheadBytes = 128

  init(
    backend: any KvBackend, bound: Int, failures: FailureLog, metrics: JobMetrics?, lock: JobLock?, place: StorePlace?,
    isDurable: Bool
  ) {
    self.backend = backend
    self.lock = lock
    self.place = place
    self.isDurable = isDurable
    self.bound = max(1, bound)
    self.failures = failures
    self.metrics = metrics
    metrics?.watch(self)
  }

  /// What a batch counts: its bytes, and what holding its ops costs.
  ///
  /// A batch without an op costs as much as one with an op: it must count, or such would queue without bound.
  static func size(bytes: Int, ops: Int) -> Int { bytes + max(ops, 1) * overheadBytes }

  /// Whether every write queued so far is settled.
  var isSettled: Bool { outstanding.load(ordering: .acquiring) == 0 }

  var isInDoubt: Bool { doubt.load(ordering: .acquiring) }

  // MARK: Queueing

  /// Queues a batch that nobody waits for, if there is room; false when the queue is at its bound.
  func offer(_ ops: [TxOp], size: Int) throws(PersistencyError) -> Bool {
    if fork.isForked { throw CallGate.forked }
    return try state.withLock { state throws(PersistencyError) in
      if state.isClosed { throw Self.closed }
      guard state.hasRoom(for: size, bound: bound) else { return false }
      state.pending.append(ops, bytes: size)
      count(size, in: &state)
      return true
    }
  }

  /// Queues a write and waits for what it says: its admission, or its commit.
  func submit(_ write: QueuedWrite) async throws(PersistencyError) -> Bool {
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
      if write.stage == .withdrawn { return .failure(Self.cancelled(.notApplied)) }
      if state.isClosed { return .failure(Self.closed) }
      if state.hasRoom(for: write.bytes, bound: bound) {
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
    var replies: [Reply] = []
    state.withLock { state in
      let outcome: PersistencyError.Outcome
      let stage = write.stage
      switch stage {
      // Its call has returned, or is about to: it is queued, and stays so.
      case .pending where write.awaiting == .admission: return
      case .new, .waiting: outcome = .notApplied
      case .pending:
        state.pending.withdraw(at: Int(write.sequence - state.taken) - 1)
        outcome = .notApplied
      case .committing: outcome = .unknown
      case .withdrawn: return
      }
      if stage != .committing { write.withdraw() }
      if let reply = write.takeReply() { replies.append((reply, .failure(Self.cancelled(outcome)))) }
      // Those behind it may fit where it did not.
      if stage == .waiting { admitWaiting(in: &state, &replies) }
    }
    for (continuation, answer) in replies { continuation.resume(returning: answer) }
  }

  private func admit(_ write: QueuedWrite, in state: inout State) {
    write.stage = .pending
    write.sequence = state.queued + 1
    state.pending.append(write)
    count(write.bytes, in: &state)
  }

  /// Gives what was appended its number, and sees that it is served.
  private func count(_ size: Int, in state: inout State) {
    state.queued += 1
    state.bytes += size
    outstanding.store(Int(truncatingIfNeeded: state.queued - state.settled), ordering: .releasing)
    guard !state.isServed else { return }
    state.isServed = true
    WorkerPool.writers.submit { self.serve() }
  }

  /// Queues those that waited, as far as there is room now.
  func admitWaiting(in state: inout State, _ replies: inout [Reply]) {
    while let next = state.waiting.first, next.stage == .withdrawn || state.fits(next.bytes, bound: bound) {
      _ = state.waiting.popFirst()
      if next.stage == .withdrawn { continue }
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
