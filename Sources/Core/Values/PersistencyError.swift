/// What went wrong, what to do about it, and whether anything was written.
///
/// The one error type of every public call. Errors compare by ``kind``; ``message`` is for people and may change.
public struct PersistencyError: Error, Hashable, Sendable {
  /// The class of a failure: what a program decides by.
  @nonexhaustive
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// The engine failed in a way that no other kind names; see ``PersistencyError/backendCode``.
    case backend
    /// The backend, job or instance was closed.
    case closed
    /// The caller passed what the contract does not allow: over a limit, malformed, contradicting what is stored.
    case invalidArgument
    /// A networked engine did not answer in time.
    case timeout
    /// No job of this id is open, or stored.
    case jobNotFound
    /// An `expect` did not find what it named; nothing of its batch was applied.
    case conflict
    /// Another process, or another handle of this one, holds the store.
    case locked
    /// The store is damaged, foreign, or not what its manifest says.
    case corrupted
    /// Disk or map is full; there may be room later.
    case storageFull
    /// This engine, version or access mode cannot do it.
    case unsupported
    /// The task was cancelled while it waited.
    case cancelled
  }

  /// Whether the writes of the failed call can be in the store.
  public enum Outcome: String, Hashable, Sendable {
    /// Nothing of it was applied.
    case notApplied
    /// It may have been applied, whole: a sync or commit failed half-way, or a wait was cancelled.
    case unknown
  }

  public let kind: Kind
  /// One sentence for people: what happened, and what remedies it.
  public let message: String
  /// The engine's own error code (SQLite extended code, LMDB code, `errno`), or nil.
  public let backendCode: Int?
  public let outcome: Outcome

  public init(
    _ kind: Kind, _ message: String, backendCode: Int? = nil, outcome: Outcome = .notApplied
  ) {
    self.kind = kind
    self.message = message
    self.backendCode = backendCode
    self.outcome = outcome
  }

  /// Whether the same call may succeed later without a change of its arguments.
  ///
  /// True for `.locked`, `.timeout`, `.storageFull` and `.conflict` when nothing was applied: somebody else has to let
  /// go, make room, or move on.
  /// Never true for an unknown outcome: read first what is there.
  public var isRetryable: Bool {
    guard outcome == .notApplied else { return false }
    switch kind {
    case .locked, .timeout, .storageFull, .conflict: return true
    default: return false
    }
  }
}

extension PersistencyError: CustomStringConvertible {
  public var description: String {
    let code = backendCode.map { " [engine code \($0)]" } ?? ""
    let state = outcome == .unknown ? " (outcome unknown)" : ""
    return "\(kind.rawValue): \(message)\(code)\(state)"
  }
}
