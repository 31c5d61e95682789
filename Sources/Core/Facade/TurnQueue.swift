/// Lets the opening, closing and dropping of one id happen one after the other; other ids do not wait.
final class TurnQueue: Sendable {
  private let waiting = Locked<[JobID: [UnsafeContinuation<Void, Never>]]>([:])

  /// Runs `body` when those before it with the same id are done.
  func inTurn<R: Sendable>(
    _ id: JobID, _ body: () async throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    await withUnsafeContinuation { continuation in
      let isFree = waiting.withLock { waiting in
        if waiting[id] != nil {
          waiting[id]?.append(continuation)
          return false
        }
        waiting[id] = []
        return true
      }
      if isFree { continuation.resume() }
    }
    defer { next(id) }
    return try await body()
  }

  /// The ids that something is under way for, or waits.
  var taken: Set<JobID> { waiting.withLock { Set($0.keys) } }

  private func next(_ id: JobID) {
    let continuation: UnsafeContinuation<Void, Never>? = waiting.withLock { waiting in
      guard let queue = waiting[id], !queue.isEmpty else {
        waiting[id] = nil
        return nil
      }
      return waiting[id]?.removeFirst()
    }
    continuation?.resume()
  }
}
