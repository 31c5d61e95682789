/// What a thread has found, on its way to the task that waits for it.
///
/// The continuation's own result would do, were it not for ThreadSanitizer: it does not see the order that Swift's runtime keeps where a
/// continuation is resumed before its task has come to rest. A lock it sees.
final class Handover<R: Sendable>: Sendable {
  private let result = Locked<Result<R, PersistencyError>?>(nil)

  func put(_ result: Result<R, PersistencyError>) { self.result.withLock { $0 = result } }

  func take() -> Result<R, PersistencyError> {
    result.withLock { result in
      defer { result = nil }
      return result ?? .failure(PersistencyError(.backend, "a thread ended without a result", outcome: .unknown))
    }
  }
}
