/// What a check talks to.
public enum ConformanceFace: String, Codable, Sendable, CaseIterable, Hashable {
  /// The backend as its engine opens it.
  case raw
  /// A job on that engine: the write queue and the job's reads lie between.
  case job
}
