public import PersistencyCore
public import ServiceLifecycle

/// A `Persistency` as a service of a `ServiceGroup`: it keeps the jobs open while the group runs, and on shutdown
/// commits what they have queued and closes them.
///
/// ```swift
/// let jobs = try Persistency(rootDirectory: "data", engines: [.sqlite])
/// let group = ServiceGroup(
///   configuration: .init(
///     services: [PersistencyService(jobs), server], gracefulShutdownSignals: [.sigterm], logger: logger))
/// try await group.run()
/// ```
///
/// Name it before the services that use the jobs: a group shuts down in reverse order, so that it is the last, and what
/// they write while they shut down is accepted. Give the group's `maximumGracefulShutdownDuration`, if it has one, the
/// time that the queues need to drain; a service that is cancelled drains and closes all the same.
public struct PersistencyService: Service {
  private let jobs: Persistency

  /// Takes over the closing of `jobs`; they may be opened before the group runs and while it does.
  public init(_ jobs: Persistency) {
    self.jobs = jobs
  }

  /// Waits for the group's graceful shutdown, or for the cancellation of its task, then closes every job.
  ///
  /// - Throws: What `Persistency.close()` throws: the first failure of a queued write that nobody was told. Everything
  ///   is closed all the same.
  public func run() async throws {
    // That it was cancelled is no failure of this service, and closing does not stop for it.
    try? await gracefulShutdown()
    try await jobs.close()
  }
}
