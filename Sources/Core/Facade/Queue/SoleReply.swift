/// Resumes a continuation once, with the first of the answers that reach it, before or after somebody waits.
final class SoleReply<Answer: Sendable>: Sendable {
  private enum State {
    case empty
    case awaited(UnsafeContinuation<Answer, Never>)
    case early(Answer)
    case given
  }

  private let state = Locked(State.empty)

  /// Waits with `continuation`; false when an answer was there already, which it is resumed with.
  func await(_ continuation: UnsafeContinuation<Answer, Never>) -> Bool {
    let early: Answer? = state.withLock { state in
      guard case .early(let answer) = state else {
        state = .awaited(continuation)
        return nil
      }
      state = .given
      return answer
    }
    guard let early else { return true }
    continuation.resume(returning: early)
    return false
  }

  /// Whether an answer is still of use.
  var isAwaited: Bool {
    state.withLock { state in
      if case .awaited = state { true } else { false }
    }
  }

  /// Lets ThreadSanitizer see, as in ``Handover``, that what the answer refers to was made before: after the wait.
  func synchronize() { state.withLock { _ in } }

  func give(_ answer: Answer) {
    let continuation: UnsafeContinuation<Answer, Never>? = state.withLock { state in
      switch state {
      case .empty:
        state = .early(answer)
        return nil
      case .awaited(let continuation):
        state = .given
        return continuation
      case .early, .given: return nil
      }
    }
    continuation?.resume(returning: answer)
  }
}
