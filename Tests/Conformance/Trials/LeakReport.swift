/// What thousands of openings and closings left behind in a process, beside what the first ones did.
public struct LeakReport: Codable, Hashable, Sendable {
  public var cycles = 0
  /// How many descriptors, threads and mapped files there are more than before, or fewer.
  public var descriptors = 0
  public var threads = 0
  public var mappings = 0
  /// Bytes of resident memory a cycle, by least squares over the last half of the cycles.
  public var slope = 0.0
  /// Which they are, and what went wrong.
  public var findings: [String] = []

  public init() {}

  /// Whether nothing was left behind: resident memory may grow by less than 1 KiB a cycle.
  public var isClean: Bool { findings.isEmpty && descriptors == 0 && threads == 0 && mappings == 0 && slope < 1_024 }
}
