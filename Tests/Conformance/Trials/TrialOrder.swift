import PersistencyCore

/// Which layer a trial writes through.
public enum TrialLayer: String, Codable, Sendable, CaseIterable, Hashable {
  /// The backend itself.
  case raw
  /// A job, each writer waiting for its commit: they share commits.
  case acknowledged
  /// A job, fire and forget: the queue merges what it has into groups.
  case queued

  var isJob: Bool { self != .raw }
}

/// What a child is told to do, as its last argument.
struct TrialOrder: Codable, Sendable {
  enum Task: String, Codable, Sendable {
    /// Writes until it is killed.
    case write
    /// Says what is there.
    case verify
    /// Opens and closes, and says what that costs.
    case leak
  }

  var task: Task
  var engine: String
  var layer: TrialLayer
  /// A ``Durability``, by its raw value.
  var level: String
  /// The folder of the raw store, or the root of the job.
  var directory: String
  var script: TrialScript
  /// What a store that has to be made is called, in its rows: data of an earlier one must not come back in it.
  var generation: UInt64 = 1
  /// Draws how this run opens, writes, closes and drops.
  var run: UInt64 = 0
  /// Whether the store was made before, so that its absence is a loss.
  var mustExist = false
  /// Whether a writer stops for good after its first clean close, and a verifier leaves without closing.
  var staysOpen = false
  /// How often a counter of leaks opens and closes.
  var cycles = 0

  var durability: Durability { Durability(rawValue: level) ?? .consistent }
}
