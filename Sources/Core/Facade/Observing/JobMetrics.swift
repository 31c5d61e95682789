import CoreMetrics

/// What one job tells swift-metrics about its commits; ``JobGauges`` has what is told of all jobs together.
///
/// Made with the job, from the backend that is installed then. Without one there is none of this, and a job pays a
/// branch a commit; nothing is counted a call.
final class JobMetrics: Sendable {
  /// What jobs are counted together by.
  struct Series: Hashable, Sendable {
    let engine: String
    let label: String?

    var dimensions: [(String, String)] {
      [("engine", engine)] + (label.map { [("job", $0)] } ?? [])
    }
  }

  let series: Series
  private let durations: Timer
  private let batches: Recorder
  private let failures = Locked<[PersistencyError.Kind: Counter]>([:])

  /// Nil when no backend is installed.
  init?(engine: String, label: String?) {
    if MetricsSystem.factory is NOOPMetricsHandler { return nil }
    series = Series(engine: engine, label: label)
    durations = Timer(label: MetricName.commitDuration.rawValue, dimensions: series.dimensions)
    batches = Recorder(label: MetricName.commitBatches.rawValue, dimensions: series.dimensions)
  }

  deinit { close() }

  /// Counts the job as open, and its queue among those that the gauges sum up.
  func watch(_ queue: WriteQueue) {
    JobGauges.process.add(queue, of: self)
  }

  func close() {
    JobGauges.process.remove(self)
  }

  /// A commit begins; the gauges see to it that even one that never ends is seen.
  func commitBegins() -> ContinuousClock.Instant {
    JobGauges.process.startSampling()
    return .now
  }

  func commitEnded(_ outcomes: [Result<Void, PersistencyError>], since began: ContinuousClock.Instant) {
    durations.recordNanoseconds((ContinuousClock.now - began).nanoseconds)
    batches.record(outcomes.count)
    for case .failure(let error) in outcomes { counter(error.kind).increment() }
  }

  private func counter(_ kind: PersistencyError.Kind) -> Counter {
    failures.withLock { counters in
      if let counter = counters[kind] { return counter }
      let counter = Counter(
        label: MetricName.commitFailures.rawValue, dimensions: series.dimensions + [("kind", kind.rawValue)])
      counters[kind] = counter
      return counter
    }
  }

  static func countDroppedWrite() {
    Counter(label: MetricName.droppedWrites.rawValue).increment()
  }
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : whole + attoseconds / 1_000_000_000
  }
}
