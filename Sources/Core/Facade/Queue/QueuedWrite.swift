import Synchronization

/// A write that somebody waits for, or that is more than a batch, on its way through a ``WriteQueue``.
final class QueuedWrite: @unchecked Sendable {
  // Sendable: `stage`, `sequence`, `work` and `reply` are written by WriteQueue inside its lock, and read there or, once the
  // stage is `.committing`, when they no longer change, by the one thread that serves the queue; that thread alone
  // touches `found`.

  enum Work {
    case batch([TxOp])
    /// Its answer says whether the row was there.
    case deleteOne(category: String, key: Key)
    /// Reads between two commits.
    case read(@Sendable (any KvBackend) -> Void)
  }

  /// What the caller waits for.
  enum Awaiting { case admission, commit }

  enum Stage { case new, waiting, pending, committing, withdrawn }

  typealias Answer = Result<Bool, PersistencyError>

  private(set) var work: Work
  let sync: Bool
  /// What it counts in the queue: the bytes of its batch, and what holding them costs.
  let bytes: Int
  let awaiting: Awaiting
  var stage = Stage.new
  var sequence: UInt64 = 0
  var reply: UnsafeContinuation<Answer, Never>?
  /// What a successful write answers: for a delete, whether the row was there.
  var found = true

  init(_ work: Work, bytes: Int, sync: Bool, awaiting: Awaiting) {
    self.work = work
    self.bytes = bytes
    self.sync = sync
    self.awaiting = awaiting
  }

  private let isAnswered = Atomic<Bool>(false)

  /// Leaves nothing to do: the write was cancelled before its commit began.
  func withdraw() {
    stage = .withdrawn
    work = .batch([])
  }

  /// Who waits, if anybody does and has no answer yet: the first to ask gives it.
  func takeReply() -> UnsafeContinuation<Answer, Never>? {
    guard let reply, !isAnswered.exchange(true, ordering: .acquiringAndReleasing) else { return nil }
    return reply
  }
}
