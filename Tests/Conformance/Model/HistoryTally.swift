/// What happened to the stores in random histories; to be added up.
public struct HistoryTally: Hashable, Sendable {
  public var histories = 0
  /// Calls, each on every store.
  public var calls = 0
  /// Stores gone on with after a close, after a kill, and as an import of all rows.
  public var reopened = 0
  public var crashed = 0
  public var copied = 0
  /// Batches during which a system call failed, and those of them that failed.
  public var faults = 0
  public var failed = 0

  public init() {}

  public static func += (total: inout HistoryTally, part: HistoryTally) {
    total.histories += part.histories
    total.calls += part.calls
    total.reopened += part.reopened
    total.crashed += part.crashed
    total.copied += part.copied
    total.faults += part.faults
    total.failed += part.failed
  }
}
