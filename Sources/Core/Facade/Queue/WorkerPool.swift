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
final class WorkerPool: @unchecked Sendable {
  // Sendable: every mutable property is read and written under `monitor` only.

  /// Commits, opens and closes.
  static let writers = WorkerPool("writer")
  /// Reads that may take long.
  static let readers = WorkerPool("reader")

  private static let stuckAfter = Duration.milliseconds(50)
  private static let most = 64

  private let name: String
  private let monitor = Monitor()
  private var waiting = FIFO<@Sendable () -> Void>()
  private var threads = 0
  private var idle = 0
  /// When each busy thread began its call, by thread number.
  private var began: [Int: ContinuousClock.Instant] = [:]
  private var watched = false

  private init(_ name: String) { self.name = name }

  /// Runs `work` on a thread of the pool; in order of submission when one thread is free at a time.
  func submit(_ work: @escaping @Sendable () -> Void) {
    monitor.lock()
    waiting.append(work)
    if idle >= waiting.count {
      monitor.signal()
    } else if threads < min(Self.cores, 4) {
      startThread()
    } else {
      monitor.signal()
      watchOut()
    }
    monitor.unlock()
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
    await withUnsafeContinuation { continuation in
      submit { continuation.resume(returning: Result(catching: body)) }
    }
  }

  private static let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

  /// Called under the monitor.
  private func startThread() {
    let number = threads
    threads += 1
    if Self.detach(named: "persistency-\(name)-\(number)", { self.serve(number) }) { return }
    // No thread to be had: those there go on; without any, a cooperative one must do.
    threads -= 1
    if threads == 0 { Task.detached { self.serveWhatWaits() } }
  }

  private func serveWhatWaits() {
    while let work = monitor.withLock({ waiting.popFirst() }) { work() }
  }

  private func serve(_ number: Int) {
    monitor.lock()
    while true {
      if let work = waiting.popFirst() {
        began[number] = .now
        monitor.unlock()
        work()
        monitor.lock()
        began[number] = nil
      } else {
        idle += 1
        monitor.wait()
        idle -= 1
      }
    }
  }

  /// Looks again in 50 ms whether what waits now still waits behind calls that are stuck; called under the monitor.
  ///
  /// A sleeping task is the timer: there is one while work is waiting, and none else.
  private func watchOut() {
    guard !watched, threads < Self.most else { return }
    watched = true
    Task.detached {
      try? await Task.sleep(for: Self.stuckAfter)
      self.addThreadIfStuck()
    }
  }

  private func addThreadIfStuck() {
    monitor.withLock {
      watched = false
      guard waiting.count > idle else { return }
      let longAgo = ContinuousClock.now - Self.stuckAfter
      let stuck = began.values.allSatisfy { $0 <= longAgo }
      if stuck && threads < Self.most { startThread() }
      watchOut()
    }
  }

  /// Starts a thread for the life of the process; false when there is none to be had.
  private static func detach(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    let context = Unmanaged.passRetained(ThreadBody(name, body)).toOpaque()
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let code = pthread_create(
      &thread, nil,
      { context in
        #if canImport(Darwin)
          let start = Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue()
          pthread_setname_np(start.name)
        #else
          guard let context else { return nil }
          let start = Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue()
        #endif
        start.body()
        return nil
      }, context)
    if code != 0 { Unmanaged<ThreadBody>.fromOpaque(context).release() }
    return code == 0
  }

  private final class ThreadBody: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}
