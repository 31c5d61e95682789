import Logging

/// What the log is told, under the label `persistency`.
///
/// | event | level | metadata |
/// |---|---|---|
/// | a job was opened, closed, dropped | debug | job, engine; at opening durability and access |
/// | a store of another program was adopted | notice | job, engine, path |
/// | a half-made or half-dropped store was made anew | notice | job, engine |
/// | a volatile store of an earlier boot was discarded | notice | job, engine |
/// | queued writes failed that nobody waited for, one line a commit | error | job, count, error |
/// | a commit of unknown outcome: writes fail until the job is reopened | error | job, error |
/// | a write by id to a job that is not open was dropped | warning | job |
/// | all threads of a pool are stuck in an engine: it grew, or may not grow any more | warning | pool, threads |
/// | `.full` on a PostgreSQL server without a synchronous standby, once an engine, by its adapter | warning | place |
///
/// What a caller is told by an error is not logged as well. Without an interested handler an event costs a comparison.
enum Events {
  static let log = Logger(label: "persistency")

  static func opened(_ job: Job) {
    log.debug(
      "a job was opened",
      metadata: [
        "job": "\(job.id)", "engine": "\(job.engine)", "durability": "\(job.options.durability)",
        "access": "\(job.options.access)",
      ])
  }

  static func closed(_ job: Job) {
    log.debug("a job was closed", metadata: ["job": "\(job.id)", "engine": "\(job.engine)"])
  }

  static func dropped(_ id: JobID) {
    log.debug("a job was dropped", metadata: ["job": "\(id)"])
  }

  static func adopted(_ id: JobID, _ engine: Engine, from path: String) {
    log.notice(
      "a store of another program was adopted", metadata: ["job": "\(id)", "engine": "\(engine)", "path": "\(path)"])
  }

  static func madeAnew(_ id: JobID, _ engine: Engine) {
    log.notice(
      "a store that was half made or half dropped is made anew", metadata: ["job": "\(id)", "engine": "\(engine)"])
  }

  static func discarded(_ id: JobID, _ engine: Engine) {
    log.notice(
      "a volatile store that was not closed before the machine stopped is discarded and made anew",
      metadata: ["job": "\(id)", "engine": "\(engine)"])
  }

  static func failed(_ job: String, _ count: Int, first: PersistencyError) {
    log.error("queued writes failed", metadata: ["job": "\(job)", "count": "\(count)", "error": "\(first)"])
  }

  static func latched(_ job: String, _ error: PersistencyError) {
    log.error(
      "a commit has an unknown outcome; writes fail until the job is closed and opened again",
      metadata: ["job": "\(job)", "error": "\(error)"])
  }

  static func droppedWrite(_ id: String) {
    log.warning("a write to a job that is not open was dropped", metadata: ["job": "\(id)"])
  }

  static func poolGrew(_ pool: String, threads: Int, most: Int) {
    log.warning(
      threads < most
        ? "every thread of a pool is stuck in an engine; it has one more"
        : "every thread of a pool is stuck in an engine; it has one more, and no more after this one",
      metadata: ["pool": "\(pool)", "threads": "\(threads)"])
  }
}
