import Synchronization

/// The jobs of one root directory: many tenants, each with its own store on an engine of its choice.
///
/// Make one at start, open jobs as tenants come, close it at the end: what was accepted is then committed. Any task
/// may use it at any time; after ``close()`` every call throws `.closed`.
public final class Persistency: Sendable {
  /// The version of this library, as manifests and the tool say it.
  public static let version = "0.1.0"

  /// The folder of the stores, as it was given; a relative one is taken from the working directory at `init`.
  public let rootDirectory: String
  let root: String
  /// The engines jobs can be on; the first is the default.
  public let engines: [Engine]

  private struct State {
    var jobs: [JobID: Job] = [:]
    var isClosed = false
  }

  private let state = Locked(State())
  let turns = TurnQueue()
  private let dropped = Atomic<Int>(0)

  /// Validates the root, which the first ``openJob(_:engine:options:)`` creates, and the engines.
  ///
  /// - Throws: `.invalidArgument` when the root is empty, a file, or below a file; when there is no engine, or two share a name or a suffix.
  public init(rootDirectory: String, engines: [Engine]) throws(PersistencyError) {
    try Self.check(root: rootDirectory)
    try Self.check(engines)
    self.rootDirectory = rootDirectory
    root = FileSystem.absolute(rootDirectory)
    self.engines = engines
  }

  // MARK: Jobs

  /// Opens a job, and makes its store when there is none; an open one is returned as it is.
  ///
  /// - Parameters:
  ///   - id: 1 to 200 bytes of UTF-8, any text.
  ///   - engine: nil is the engine it is stored on, or the first of ``engines`` for a new one.
  ///   - options: Durability, access, the bound of the queue, and what else is the job's own.
  /// - Throws: `.invalidArgument` for a bad id, another engine than the stored one, other options than it is open with; `.locked` when another
  ///   process or instance has it open; `.corrupted` for a store that is missing, cut or foreign; `.unsupported` for
  ///   a newer format.
  public func openJob(
    _ id: String, engine: Engine? = nil, options: JobOptions = .init()
  ) async throws(PersistencyError) -> Job {
    let id = try JobID(id)
    if let engine { try checkKnown(engine) }
    return try await turns.inTurn(id) { () async throws(PersistencyError) in
      if let open = try openedJob(id) {
        try Self.check(open, fits: engine, options)
        return open
      }
      let job = try await open(id, engine: engine, options)
      do throws(PersistencyError) {
        try keep(job, id)
      } catch {
        _ = await job.shutDown()
        throw error
      }
      Events.opened(job)
      return job
    }
  }

  /// Commits what the job has queued and closes it; one that is not open is left alone.
  ///
  /// - Throws: The first failure of a queued write that no flush has thrown; the job is closed all the same.
  public func closeJob(_ id: String) async throws(PersistencyError) {
    let id = try JobID(id)
    try await turns.inTurn(id) { () async throws(PersistencyError) in
      guard let job = try openedJob(id) else { return }
      try await close(job, id)
    }
  }

  /// Closes the job if it is open, and removes its store; the id can be used again at once.
  ///
  /// - Throws: `.jobNotFound` when it is neither open nor stored; `.locked` when another process has it open.
  public func dropJob(_ id: String) async throws(PersistencyError) {
    let id = try JobID(id)
    try await turns.inTurn(id) { () async throws(PersistencyError) in
      let open = try openedJob(id)
      // What was still queued is dropped with the store: its failures are of no account.
      if let open { try? await close(open, id) }
      if let open, !open.engine.capabilities.persistent { return }
      let store = StoredFiles(root: root, id: id, engines: engines)
      try await WorkerPool.writers.run { () throws(PersistencyError) in try store.drop() }
      Events.dropped(id)
    }
  }

  /// Commits what is queued in every job and closes them all; idempotent.
  ///
  /// - Throws: The first failure of a queued write that no flush has thrown; everything is closed all the same.
  public func close() async throws(PersistencyError) {
    state.withLock { $0.isClosed = true }
    // What is being opened or dropped now ends before this does; an opening sees that it came too late.
    let ids = turns.taken.union(state.withLock { $0.jobs.keys })
    // Side by side: a disk that is stuck under one job keeps no other from being drained.
    let failure = await withTaskGroup(of: PersistencyError?.self) { group in
      for id in ids { group.addTask { await self.closeInTurn(id) } }
      var first: PersistencyError?
      for await failure in group { first = first ?? failure }
      return first
    }
    if let failure { throw failure }
  }

  /// The open job of this id.
  ///
  /// - Throws: `.jobNotFound` when it is not open here.
  public func job(_ id: String) throws(PersistencyError) -> Job {
    guard let job = try openedJob(try JobID(id)) else {
      throw PersistencyError(.jobNotFound, "job “\(id)” is not open; open it with openJob")
    }
    return job
  }

  /// The open job of this id, or nil.
  public subscript(id: String) -> Job? { try? job(id) }

  /// Whether the job is open here.
  public func hasJob(_ id: String) -> Bool { self[id] != nil }

  /// The jobs that have a store in the root, open or not, by the bytes of their file names.
  ///
  /// Half-made and half-dropped ones are not among them, nor is what is not ours.
  public func storedJobs() throws(PersistencyError) -> [StoredJob] {
    if isClosed { throw Self.closed }
    return try StoredFiles.jobs(in: root, engines: engines)
  }

  /// How many writes by id were dropped because their job was not open.
  public var droppedWrites: Int { dropped.load(ordering: .relaxed) }

  // MARK: Inside

  /// Whether ``close()`` was called.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  func countDroppedWrite() {
    dropped.add(1, ordering: .relaxed)
    JobMetrics.countDroppedWrite()
  }

  func openedJob(_ id: JobID) throws(PersistencyError) -> Job? {
    let (isClosed, job) = state.withLock { ($0.isClosed, $0.jobs[id]) }
    if isClosed { throw Self.closed }
    return job
  }

  private func closeInTurn(_ id: JobID) async -> PersistencyError? {
    do throws(PersistencyError) {
      try await turns.inTurn(id) { () async throws(PersistencyError) in
        guard let job = state.withLock({ $0.jobs[id] }) else { return }
        try await close(job, id)
      }
      return nil
    } catch {
      return error
    }
  }

  /// Counts a job that was opened for the work at hand among the open ones.
  func keep(_ job: Job, _ id: JobID) throws(PersistencyError) {
    let isClosed = state.withLock { state in
      if !state.isClosed { state.jobs[id] = job }
      return state.isClosed
    }
    if isClosed { throw Self.closed }
  }

  private func close(_ job: Job, _ id: JobID) async throws(PersistencyError) {
    let failure = await job.shutDown()
    state.withLock { _ = $0.jobs.removeValue(forKey: id) }
    if let failure { throw failure }
  }

  static var closed: PersistencyError {
    PersistencyError(.closed, "this Persistency is closed; make another")
  }
}
