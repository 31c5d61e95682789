/// What a verifying child found, on its last line.
struct TrialFinding: Codable, Hashable, Sendable {
  /// Everything that is not as it must be, whatever the parent knows: the store does not open, a batch is half there, the engine's
  /// own check complains, it does not take new batches.
  var problems: [String] = []
  /// Nil for a store without rows.
  var generation: UInt64?
  /// The last batch of each lane, 0 where there is none.
  var last: [UInt64]

  init(lanes: Int) { last = Array(repeating: 0, count: lanes) }
}
