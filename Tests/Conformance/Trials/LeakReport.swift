/// What thousands of openings and closings left behind in a process, beside what the first ones did.
public struct LeakReport: Codable, Hashable, Sendable {
  /// Openings counted: those asked for, and up to four times as many where memory grew.
  public var cycles = 0
  /// How many descriptors, threads and mapped files there are more than before, or fewer.
  public var descriptors = 0
  public var threads = 0
  public var mappings = 0
  /// Bytes of resident memory a cycle, by least squares over the last half of the cycles asked for.
  ///
  /// Where it was not under the limit and the cycles were repeated, of the last time.
  public var slope = 0.0
  /// Which they are, and what went wrong.
  public var findings: [String] = []

  /// From so many bytes of resident memory a cycle it is a leak.
  static let slopeLimit = 1_024.0

  public init() {}

  /// Whether nothing was left behind: resident memory may grow by less than 1 KiB a cycle.
  public var isClean: Bool {
    findings.isEmpty && descriptors == 0 && threads == 0 && mappings == 0 && slope < Self.slopeLimit
  }
}
