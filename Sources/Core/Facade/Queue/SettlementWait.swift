/// A reader, or a flush, that waits until every write up to a number is settled.
final class SettlementWait: @unchecked Sendable {
  // Sendable: `reply` and `isCancelled` are touched under the queue's lock only.
  let sequence: UInt64
  var reply: UnsafeContinuation<Bool, Never>?
  var isCancelled = false

  init(_ sequence: UInt64) { self.sequence = sequence }

  func takeReply() -> UnsafeContinuation<Bool, Never>? {
    defer { reply = nil }
    return reply
  }
}

extension WriteQueue {
  /// Waits until every write queued before this call is settled: committed, or failed.
  ///
  /// - Returns: The number of the last of them.
  /// - Throws: `.cancelled` when the task is cancelled meanwhile.
  @discardableResult
  func settled() async throws(PersistencyError) -> UInt64 {
    let last = state.withLock { $0.queued }
    if isSettled { return last }
    let wait = SettlementWait(last)
    let reached = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        let now: Bool? = state.withLock { state in
          if wait.isCancelled { return false }
          if state.settled >= wait.sequence { return true }
          wait.reply = continuation
          state.settlement.append(wait)
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      let reply = state.withLock { state in
        wait.isCancelled = true
        state.settlement.removeAll { $0 === wait }
        return wait.takeReply()
      }
      reply?.resume(returning: false)
    }
    guard reached else {
      throw PersistencyError(.cancelled, "the task was cancelled while it waited for queued writes")
    }
    return last
  }

  /// Waits, whatever becomes of the task, until nothing is queued: for closing.
  func drained() async {
    while true {
      let wait: SettlementWait? = state.withLock { state in
        // Those over the bound are queued in their turn; each round waits for what is there by then.
        if state.waiting.isEmpty && state.settled == state.queued { return nil }
        return SettlementWait(max(state.queued, state.settled + 1))
      }
      guard let wait else { return }
      _ = await withUnsafeContinuation { continuation in
        let reached = state.withLock { state in
          if state.settled >= wait.sequence || (state.waiting.isEmpty && state.settled == state.queued) { return true }
          wait.reply = continuation
          state.settlement.append(wait)
          return false
        }
        if reached { continuation.resume(returning: true) }
      }
    }
  }
}
