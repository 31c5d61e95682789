/// A write that somebody waits for, or that is more than a batch, on its way through a ``WriteQueue``.
///
/// Its mutable part is touched under the queue's lock only, which is what makes it safe to share.
final class QueuedWrite: @unchecked Sendable {
  // Sendable: `stage`, `reply`, `sequence` and `work` are read and written by WriteQueue inside its lock; `work` and `found`
  // also by the one thread that serves the queue while the stage is `.committing`.

  enum Work {
    case batch([TxOp])
    case rows([RawRow])
    /// Its answer says whether the row was there.
    case deleteOne(category: String, key: Key)
    /// Reads between two commits.
    case read(@Sendable (any KvBackend) -> Void)
  }

  /// What the caller waits for.
  enum Awaiting { case nothing, admission, commit }

  enum Stage { case new, waiting, pending, committing, done }

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

  /// Leaves nothing to do: the write was cancelled, or its queue closed, before its commit began.
  func withdraw() {
    stage = .done
    work = .batch([])
  }

  func takeReply() -> UnsafeContinuation<Answer, Never>? {
    defer { reply = nil }
    return reply
  }
}
