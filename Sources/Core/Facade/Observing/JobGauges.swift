import CoreMetrics
import Synchronization

/// The gauges of a process: how many jobs are open, and what all their queues hold together.
///
/// They are not moved by every write. While anything is queued the queues are summed up, at once and then every second, so
/// that a commit which hangs is seen as well; when all are empty they say so, and an idle process runs nothing.
final class JobGauges: Sendable {
  static let process = JobGauges()

  private struct Watched {
    let open: Gauge
    let batches: Gauge
    let bytes: Gauge
    var queues: [ObjectIdentifier: Weak] = [:]

    init(_ series: JobMetrics.Series) {
      let dimensions = series.dimensions
      open = Gauge(label: MetricName.openJobs.rawValue, dimensions: dimensions)
      batches = Gauge(label: MetricName.queuedBatches.rawValue, dimensions: dimensions)
      bytes = Gauge(label: MetricName.queuedBytes.rawValue, dimensions: dimensions)
    }

    func show(_ load: WriteQueue.Load) {
      batches.record(load.batches)
      bytes.record(load.bytes)
    }
  }

  private struct Weak: Sendable {
    weak let queue: WriteQueue?
  }

  private static let interval = Duration.seconds(1)

  private let watched = Locked<[JobMetrics.Series: Watched]>([:])
  private let isSampling = Atomic<Bool>(false)

  // A gauge is set inside the lock, so that the last to set it is the last that knows.

  func add(_ queue: WriteQueue, of job: JobMetrics) {
    watched.withLock { watched in
      var entry = watched[job.series] ?? Watched(job.series)
      entry.queues[ObjectIdentifier(job)] = Weak(queue: queue)
      entry.open.record(entry.queues.count)
      watched[job.series] = entry
    }
  }

  /// Idempotent.
  func remove(_ job: JobMetrics) {
    watched.withLock { watched in
      guard var entry = watched[job.series], entry.queues.removeValue(forKey: ObjectIdentifier(job)) != nil else {
        return
      }
      entry.open.record(entry.queues.count)
      if entry.queues.isEmpty { entry.show(WriteQueue.Load()) }
      watched[job.series] = entry.queues.isEmpty ? nil : entry
    }
  }

  /// Begins to sample, unless it is done already.
  func startSampling() {
    if isSampling.load(ordering: .relaxed) || isSampling.exchange(true, ordering: .acquiringAndReleasing) { return }
    sample(after: .zero)
  }

  private func sample(after delay: Duration) {
    Alarm.process.after(delay) { WorkerPool.readers.submit { self.sampleWhileBusy() } }
  }

  private func sampleWhileBusy() {
    if sample() { return sample(after: Self.interval) }
    isSampling.store(false, ordering: .sequentiallyConsistent)
    // What began to commit just before that relied on this one.
    if sample(), !isSampling.exchange(true, ordering: .acquiringAndReleasing) { sample(after: Self.interval) }
  }

  /// Sets the gauges to what the queues hold now.
  ///
  /// - Returns: Whether they hold anything.
  private func sample() -> Bool {
    let queues = watched.withLock { $0.mapValues { $0.queues.values.compactMap(\.queue) } }
    var isBusy = false
    for (series, queues) in queues {
      let load = queues.reduce(into: WriteQueue.Load()) { $0 += $1.load }
      isBusy = isBusy || load.batches > 0
      watched.withLock { $0[series]?.show(load) }
    }
    return isBusy
  }
}

extension WriteQueue {
  /// What is queued and not settled.
  struct Load: Sendable {
    var batches = 0
    var bytes = 0

    static func += (sum: inout Load, other: Load) {
      sum.batches += other.batches
      sum.bytes += other.bytes
    }
  }

  var load: Load {
    state.withLock { state in
      Load(batches: Int(truncatingIfNeeded: state.queued - state.settled) + state.waiting.count, bytes: state.bytes)
    }
  }
}
