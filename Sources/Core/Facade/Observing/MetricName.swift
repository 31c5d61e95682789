/// The names that swift-metrics hears.
///
/// | name | type | dimensions | what |
/// |---|---|---|---|
/// | `persistency.jobs.open` | gauge | engine, job | open jobs |
/// | `persistency.queue.batches` | gauge | engine, job | batches queued, waiting for room, or being committed |
/// | `persistency.queue.bytes` | gauge | engine, job | the bytes of those that have room |
/// | `persistency.commit.duration` | timer | engine, job | from the taking of a group to its outcome |
/// | `persistency.commit.batches` | recorder | engine, job | batches a commit |
/// | `persistency.commit.failures` | counter | engine, job, kind | batches that failed; kind is that of the error, `conflict` among them |
/// | `persistency.writes.dropped` | counter | | writes by id to jobs that were not open |
///
/// `job` is there for a job with a ``JobOptions/metricsLabel`` only. The rest are counted together, by engine: a series a
/// job, times a thousand jobs, is what a metrics store cannot carry.
enum MetricName: String, CaseIterable {
  case openJobs = "persistency.jobs.open"
  case queuedBatches = "persistency.queue.batches"
  case queuedBytes = "persistency.queue.bytes"
  case commitDuration = "persistency.commit.duration"
  case commitBatches = "persistency.commit.batches"
  case commitFailures = "persistency.commit.failures"
  case droppedWrites = "persistency.writes.dropped"
}
