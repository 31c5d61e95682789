/// One tenant's store: the calls that applications make.
///
/// Writes go through one ordered queue, bounded in bytes: those of one task apply in the order it made them. A read sees
/// every write whose call returned before it, in whatever task. Any task may use a job at any time; after it is
/// closed every call throws `.closed`.
///
/// Every call, besides what it says itself, throws `.invalidArgument` over a limit or for an invalid key, before
/// anything is queued.
public final class Job: Sendable {
  /// As it was given to ``Persistency/openJob(_:engine:options:)``.
  public let id: String
  /// The engine it was opened on.
  public let engine: Engine
  /// How it was opened.
  public let options: JobOptions
  /// The most that a category, key, payload and batch may measure here.
  public let limits: BackendLimits
  let backend: any KvBackend
  let queue: WriteQueue
  /// Whether every read moves to the reader pool: because it was asked for, or because the engine's reads wait for a network.
  let readsOffCallerThread: Bool
  private let failureLog: FailureLog
  /// Nil for a job without files.
  private let store: OpenStore?

  init(id: String, engine: Engine, options: JobOptions, backend: any KvBackend, store: OpenStore?) {
    self.store = store
    self.id = id
    self.engine = engine
    self.options = options
    self.backend = backend
    limits = backend.limits
    readsOffCallerThread = options.readsOffCallerThread || engine.capabilities.remote
    failureLog = FailureLog(job: id)
    queue = WriteQueue(
      backend: backend, bound: options.queueBytes, failures: failureLog,
      metrics: JobMetrics(engine: engine.name, label: options.metricsLabel), lock: store?.lock, place: store?.place,
      isDurable: options.durability == .full)
  }

  // MARK: Failures

  /// The failures of writes that nobody waited for, as they happen; ends when the job is closed.
  ///
  /// Keeps the last 256 for a consumer that is slow or late, and counts what it drops. One consumer at a time.
  public var failures: some AsyncSequence<PersistencyError, Never> & Sendable { failureLog.stream }

  /// How many failures ``failures`` dropped because nobody took them in time.
  public var droppedFailures: Int { failureLog.dropped }

  /// Waits until everything queued before this call is committed, or has failed.
  ///
  /// - Throws: The first failure among those writes that no flush has thrown before; `.cancelled`, and then nothing is
  ///   known of them yet; `.closed` after the job was closed, which drains it.
  public func flush() async throws(PersistencyError) {
    try queue.checkOpen()
    let last = try await queue.settled()
    if let failure = failureLog.takeFirst(upTo: last) { throw failure }
  }

  // MARK: Closing

  /// Drains the queue and closes the backend in any case; returns the first failure that no flush has thrown.
  func shutDown() async -> PersistencyError? {
    queue.close()
    await queue.drained()
    let (backend, store, isTrusted) = (self.backend, self.store, !queue.isInDoubt)
    let closing = await WorkerPool.writers.result { () throws(PersistencyError) in
      backend.close()
      try store?.close(isTrusted: isTrusted)
    }
    failureLog.finish()
    queue.metrics?.close()
    Events.closed(self)
    if let failure = failureLog.takeFirst(upTo: .max) { return failure }
    if case .failure(let error) = closing { return error }
    return nil
  }
}
