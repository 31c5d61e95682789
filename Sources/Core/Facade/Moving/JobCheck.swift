/// What ``Persistency/checkJob(_:progress:)`` found out about a job.
public struct JobCheck: Hashable, Sendable {
  public let id: String
  /// The name of its engine.
  public let engine: String
  /// What it holds; nil when not all of it could be read.
  public let digest: ContentDigest?
  /// What is wrong; nothing of a sound job.
  public let findings: [CheckFinding]
  /// What is worth knowing, and not wrong: an unclean close, a store kept by a migration, categories that are not UTF-8.
  public let notes: [String]

  public init(id: String, engine: String, digest: ContentDigest?, findings: [CheckFinding], notes: [String]) {
    self.id = id
    self.engine = engine
    self.digest = digest
    self.findings = findings
    self.notes = notes
  }

  /// The verdict.
  public var isSound: Bool { findings.isEmpty }
}
