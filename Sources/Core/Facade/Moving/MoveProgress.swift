import Synchronization

/// How far long work on a job has come.
public struct MoveProgress: Hashable, Sendable {
  /// What is being done.
  public enum Phase: String, Hashable, Sendable, CaseIterable {
    /// Finding out how many rows there are, for ``MoveProgress/totalRows``.
    case counting
    case moving
    /// Reading back what was written.
    case verifying
  }

  public let phase: Phase
  /// The rows that this phase is done with.
  public let rows: Int
  /// Their categories, keys and payloads, in bytes.
  public let bytes: Int
  /// How many rows there will be, about: a store may be written meanwhile.
  ///
  /// Nil when nobody can tell.
  public let totalRows: Int?

  public init(phase: Phase, rows: Int, bytes: Int, totalRows: Int?) {
    self.phase = phase
    self.rows = rows
    self.bytes = bytes
    self.totalRows = totalRows
  }

  /// Hears of it some ten times a second, on a thread of the work; with one, rows are counted first.
  public typealias Handler = @Sendable (MoveProgress) -> Void
}

/// What long work asks between its steps: whether to go on, and whom to tell.
final class MoveControl: Sendable {
  private struct State {
    var totalRows: Int?
    var lastReport: ContinuousClock.Instant?
  }

  private static let interval = Duration.milliseconds(100)

  private let handler: MoveProgress.Handler?
  private let owner: Persistency
  private let cancelled = Atomic<Bool>(false)
  private let state = Locked(State())

  init(_ owner: Persistency, _ handler: MoveProgress.Handler?) {
    self.owner = owner
    self.handler = handler
  }

  func cancel() { cancelled.store(true, ordering: .relaxed) }

  /// - Throws: `.cancelled`, or `.closed` when the instance is closed meanwhile.
  func check() throws(PersistencyError) {
    if cancelled.load(ordering: .relaxed) {
      throw PersistencyError(.cancelled, "the task was cancelled before it was done")
    }
    if owner.isClosed { throw Persistency.closed }
  }

  func report(_ phase: MoveProgress.Phase, rows: Int, bytes: Int, isLast: Bool = false) {
    guard let handler else { return }
    let now = ContinuousClock.now
    let total: Int?? = state.withLock { state in
      if !isLast, let last = state.lastReport, now - last < Self.interval { return nil }
      state.lastReport = now
      return .some(state.totalRows)
    }
    if let total { handler(MoveProgress(phase: phase, rows: rows, bytes: bytes, totalRows: total)) }
  }

  /// Finds out, if anybody wants to know, how many rows a store has.
  func countRows(of backend: any KvBackend) throws(PersistencyError) {
    if handler == nil { return }
    let total = try rows(of: backend)
    state.withLock { $0.totalRows = total }
  }

  func rows(of backend: any KvBackend) throws(PersistencyError) -> Int {
    var rows = 0
    do throws(PersistencyError) {
      for category in try backend.categories() {
        try check()
        rows += try backend.countRange(category: category, range: .all)
        report(.counting, rows: rows, bytes: 0)
      }
      return rows
    } catch {
      // A category that is not UTF-8 cannot be asked for by name.
      guard error.kind == .corrupted else { throw error }
    }
    rows = 0
    try backend.visitAll { _, _, _ throws(PersistencyError) in
      rows += 1
      if rows % 4096 == 0 { try check() }
      return .next
    }
    return rows
  }
}

extension Persistency {
  /// Runs long work on a thread of its own; a cancelled task, or a closed instance, ends it between two steps.
  func moving<R: Sendable>(
    _ handler: MoveProgress.Handler?, _ body: @escaping @Sendable (MoveControl) throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    let control = MoveControl(self, handler)
    let result = await withTaskCancellationHandler {
      await onOwnThread { () throws(PersistencyError) in try body(control) }
    } onCancel: {
      control.cancel()
    }
    return try result.get()
  }
}
