import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Threads that may wait in an engine, shared by all jobs of the process.
///
/// Starts at min(cores, 4) threads, and adds one when work is waiting while every thread has been inside a call for
/// 50 ms, up to 64: bounded, whatever the number of jobs, and stuck disks under a few jobs stall no other.
/// With 64 calls stuck, what else needs the pool waits until one returns; reads on the caller's thread go on.
///
/// A thread that runs out of work looks around for a moment before it sleeps, as long as work has lately come that soon:
/// waking a sleeping thread costs a lone write more than its commit does. With nothing to do the pool costs no time.
final class WorkerPool: @unchecked Sendable {
  // Sendable: every mutable property is read and written under `monitor` only.

  /// Commits, opens and closes.
  static let writers = WorkerPool("writer")
  /// Reads that may take long.
  static let readers = WorkerPool("reader")

  private static let stuckAfter = Duration.milliseconds(50)
  private static let most = 64
  /// Work that is expected within the first is waited for awake, up to the second.
  private static let soon = Duration.microseconds(50)
  private static let patience = Duration.microseconds(100)

  private let name: String
  private let monitor = Monitor()
  private var waiting = FIFO<@Sendable () -> Void>()
  private var threads = 0
  private var idle = 0
  /// When each busy thread began its call, by thread number.
  private var began: [Int: ContinuousClock.Instant] = [:]
  private var watched = false
  /// Whether a thread waits awake, and will see what is submitted without being woken.
  private var isAwaited = false
  /// How long threads lately waited for work, as a moving average.
  private var usualWait = Duration.milliseconds(1)
  /// The count of what waits, for the thread that waits awake.
  private let backlog = Atomic<Int>(0)

  private init(_ name: String) { self.name = name }

  /// Runs `work` on a thread of the pool; in order of submission when one thread is free at a time.
  func submit(_ work: @escaping @Sendable () -> Void) {
    monitor.lock()
    defer { monitor.unlock() }
    append(work)
    wakeThreads(for: waiting.count)
  }

  /// ``submit(_:)`` as the last step of work of this pool, whose thread then takes what waits first.
  func resubmit(_ work: @escaping @Sendable () -> Void) {
    monitor.lock()
    defer { monitor.unlock() }
    append(work)
    wakeThreads(for: waiting.count - 1)
  }

  private func append(_ work: @escaping @Sendable () -> Void) {
    waiting.append(work)
    backlog.store(waiting.count, ordering: .releasing)
  }

  /// Sees that somebody takes `count` of what waits; called under the monitor.
  private func wakeThreads(for count: Int) {
    let asleep = count - (isAwaited ? 1 : 0)
    if asleep <= 0 { return }
    if idle >= asleep {
      monitor.signal()
    } else if threads < min(Self.cores, 4) || areAllStuck {
      startThread()
    } else {
      monitor.signal()
      watchOut()
    }
  }

  /// Runs `body` on a thread of the pool and waits for it without holding a cooperative thread.
  func run<R: Sendable>(
    _ body: @escaping @Sendable () throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    try await result(body).get()
  }

  func result<R: Sendable>(
    _ body: @escaping @Sendable () throws(PersistencyError) -> R
  ) async -> Result<R, PersistencyError> {
    let handover = Handover<R>()
    await withUnsafeContinuation { continuation in
      submit {
        handover.put(Result(catching: body))
        continuation.resume()
      }
    }
    return handover.take()
  }

  /// As ``run(_:)``, but a task that is cancelled meanwhile goes on at once; `body` then runs, or not, for nobody.
  ///
  /// - Throws: `.cancelled`; what `body` throws.
  func runUnlessCancelled<R: Sendable>(
    _ body: @escaping @Sendable () throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    let answer = SoleReply<Result<R, PersistencyError>>()
    let result = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        guard answer.await(continuation) else { return }
        submit { if answer.isAwaited { answer.give(Result(catching: body)) } }
      }
    } onCancel: {
      answer.give(.failure(PersistencyError(.cancelled, "the task was cancelled while it waited for a read")))
    }
    answer.synchronize()
    return try result.get()
  }

  private static let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

  /// Called under the monitor.
  private func startThread() {
    let number = threads
    threads += 1
    let isExtra = number >= min(Self.cores, 4)
    let started = BackgroundThread.detach(named: "kv-\(name)-\(number)") {
      // Here, where nothing is locked: a log handler is code of others.
      if isExtra { Events.poolGrew(self.name, threads: number + 1, most: Self.most) }
      self.serve(number)
    }
    if started { return }
    // No thread to be had: those there go on; without any, a cooperative one must do.
    threads -= 1
    if threads == 0 { Task.detached { self.serveWhatWaits() } }
  }

  private func serveWhatWaits() {
    while let work = monitor.withLock({ waiting.popFirst() }) { work() }
  }

  private func serve(_ number: Int) {
    monitor.lock()
    var idleSince: ContinuousClock.Instant?
    while true {
      if let work = waiting.popFirst() {
        backlog.store(waiting.count, ordering: .relaxed)
        let now = ContinuousClock.now
        if let since = idleSince { usualWait = (usualWait * 3 + min(now - since, .milliseconds(1))) / 4 }
        idleSince = nil
        began[number] = now
        monitor.unlock()
        work()
        monitor.lock()
        began[number] = nil
      } else if idleSince == nil {
        let since = ContinuousClock.now
        idleSince = since
        if usualWait < Self.soon && !isAwaited { waitAwake(until: since + Self.patience) }
      } else {
        idle += 1
        monitor.wait()
        idle -= 1
      }
    }
  }

  /// Called under the monitor, which it lets go of meanwhile; gives the processor to whoever wants it.
  private func waitAwake(until end: ContinuousClock.Instant) {
    isAwaited = true
    monitor.unlock()
    while backlog.load(ordering: .acquiring) == 0, ContinuousClock.now < end { sched_yield() }
    monitor.lock()
    isAwaited = false
  }

  /// Looks again in 50 ms whether what waits now still waits behind calls that are stuck; called under the monitor.
  ///
  /// The alarm is set while work is waiting, and else not.
  private func watchOut() {
    guard !watched, threads < Self.most else { return }
    watched = true
    Alarm.process.after(Self.stuckAfter) { self.addThreadIfStuck() }
  }

  private func addThreadIfStuck() {
    monitor.withLock {
      watched = false
      guard waiting.count > idle else { return }
      if areAllStuck { startThread() }
      watchOut()
    }
  }

  /// Whether every thread has been inside a call for long, and there may be another; called under the monitor.
  private var areAllStuck: Bool {
    guard threads < Self.most else { return false }
    let longAgo = ContinuousClock.now - Self.stuckAfter
    return began.count == threads && began.values.allSatisfy { $0 <= longAgo }
  }
}
