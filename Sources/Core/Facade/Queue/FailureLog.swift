/// What became of the writes that nobody waited for: for the next flush, the stream, and the log.
final class FailureLog: Sendable {
  private struct State {
    /// Not yet thrown by a flush, oldest first.
    var unreported: [(sequence: UInt64, error: PersistencyError)] = []
    var dropped = 0
  }

  /// How many failures the stream and the flushes keep.
  static let kept = 256

  let stream: AsyncStream<PersistencyError>
  private let continuation: AsyncStream<PersistencyError>.Continuation
  private let state = Locked(State())
  private let job: String

  init(job: String) {
    self.job = job
    (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.kept))
  }

  /// Keeps one failure for whoever asks; ``log(_:)`` tells of those of a group together.
  func record(_ error: PersistencyError, of sequence: UInt64) {
    let yielded = continuation.yield(error)
    state.withLock { state in
      if case .dropped = yielded { state.dropped += 1 }
      // The oldest are what the next flush throws: over the bound the newest makes way.
      if state.unreported.count >= Self.kept { state.unreported.removeLast() }
      state.unreported.append((sequence, error))
    }
  }

  /// Writes one line for the failures of a group, however many: a store that refuses everything must not flood the log.
  func log(_ count: Int, first: PersistencyError) {
    Events.failed(job, count, first: first)
  }

  func logLatch(_ error: PersistencyError) { Events.latched(job, error) }

  /// The first failure up to a write's number that was not taken before; all up to there count as reported.
  func takeFirst(upTo sequence: UInt64) -> PersistencyError? {
    state.withLock { state in
      let first = state.unreported.first { $0.sequence <= sequence }?.error
      state.unreported.removeAll { $0.sequence <= sequence }
      return first
    }
  }

  /// How many failures the stream let go because nobody took them.
  var dropped: Int { state.withLock { $0.dropped } }

  func finish() { continuation.finish() }
}
