import CYardsticks

/// Several ways to do the same work, taking turns at portions of it.
///
/// Each has a store of its own, and what else the machine does meets all of them alike: the ratio of two in the same
/// turn holds where their speed does not.
struct Race<Portion> {
  struct Entrant {
    let name: String
    /// Does one portion and says what it took; what must not count is left out of the sample.
    let turn: (Portion, Notes) async throws -> Sample
  }

  let entrants: [Entrant]
  private(set) var series: [String: Series]
  private let notes = Notes()
  private var first: Int

  /// - Parameters:
  ///   - series: What earlier races gave, to be gone on with.
  ///   - first: Who begins; another in each race, so that none is always first.
  init(_ entrants: [Entrant], goingOn series: [String: Series] = [:], first: Int = 0) {
    self.entrants = entrants
    self.series = series
    self.first = first
  }

  /// Runs portions of `total` ops until it is reached, or each entrant had `seconds` on average.
  ///
  /// - Returns: How far it came, for every entrant.
  mutating func run(
    _ total: Int, each: Int, seconds: Double = .infinity, _ portion: (Range<Int>) throws -> Portion
  ) async throws -> Int {
    var done = 0
    var sums = [Sample](repeating: Sample(), count: entrants.count)
    while done < total && sums.reduce(0, { $0 + $1.seconds }) < seconds * Double(entrants.count) {
      let range = done..<min(done + each, total)
      let portion = try portion(range)
      for offset in entrants.indices {
        let index = (first + offset) % entrants.count
        let sample = try await entrants[index].turn(portion, notes)
        sums[index] += sample
        series[entrants[index].name, default: Series()].take(sample, notes)
      }
      first += 1
      done = range.upperBound
    }
    for (entrant, sum) in zip(entrants, sums) { series[entrant.name, default: Series()].rounds.append(sum) }
    return done
  }

  // MARK: What came of it

  /// Time per op of one over that of another in the same turn; the median of all turns.
  func ratio(of name: String, to other: String) -> Double? {
    compare(name, other) { $0.secondsPerOp / $1.secondsPerOp }
  }

  /// Microseconds per op that one takes longer than another in the same turn; the median of all turns.
  func microseconds(of name: String, over other: String) -> Double? {
    compare(name, other) { ($0.secondsPerOp - $1.secondsPerOp) * 1e6 }
  }

  /// Microseconds per op; the median of all turns.
  func microseconds(of name: String) -> Double? {
    median((series[name]?.turns ?? []).map { $0.secondsPerOp * 1e6 })
  }

  func opsPerSecond(of name: String) -> Double {
    let total = (series[name]?.turns ?? []).reduce(into: Sample()) { $0 += $1 }
    return total.seconds > 0 ? Double(total.ops) / total.seconds : 0
  }

  func latency(of name: String, at percentile: Double) -> Double {
    series[name]?.microseconds(at: percentile) ?? 0
  }

  private func compare(_ name: String, _ other: String, _ value: (Sample, Sample) -> Double) -> Double? {
    median(zip(series[name]?.turns ?? [], series[other]?.turns ?? []).map(value))
  }
}

extension Sample {
  /// Times `work`, which does `ops` ops.
  static func timing(_ ops: Int, _ work: () async throws -> Void) async rethrows -> Sample {
    let cpu = yard_cpu()
    let start = yard_now()
    try await work()
    return Sample(ops: ops, nanoseconds: yard_now() - start, cpu: yard_cpu() - cpu)
  }
}

/// The middle of the finite values; nil when there is none.
func median(_ values: [Double]) -> Double? {
  let sorted = values.filter(\.isFinite).sorted()
  guard !sorted.isEmpty else { return nil }
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
