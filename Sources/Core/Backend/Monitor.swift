#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A mutex and a condition: what `Synchronization` lacks, to wait in a thread that may wait.
///
/// For adapters, as ``Locked`` is; never on a thread of Swift's cooperative pool.
public final class Monitor: @unchecked Sendable {
  // Sendable: POSIX makes both objects safe to use from any thread, and their addresses never change.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  public init() {
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    #if canImport(Darwin)
      pthread_cond_init(condition, nil)
    #else
      // Waits are measured by a clock that nobody sets.
      var attributes = pthread_condattr_t()
      pthread_condattr_init(&attributes)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      pthread_cond_init(condition, &attributes)
      pthread_condattr_destroy(&attributes)
    #endif
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Waits for the mutex, which is not recursive.
  public func lock() { pthread_mutex_lock(mutex) }

  public func unlock() { pthread_mutex_unlock(mutex) }

  /// Lets go of the lock, sleeps until it is signalled (or for no reason), and holds the lock again.
  public func wait() { pthread_cond_wait(condition, mutex) }

  /// ``wait()``, for no longer than `duration`; a day at most.
  public func wait(for duration: Duration) {
    let (seconds, attoseconds) = max(duration, .zero).components
    // A day is as good as ever, and no clock overflows by it.
    var time = timespec(
      tv_sec: Int(clamping: min(seconds, 86_400)), tv_nsec: Int(clamping: attoseconds / 1_000_000_000))
    #if canImport(Darwin)
      pthread_cond_timedwait_relative_np(condition, mutex, &time)
    #else
      var now = timespec()
      clock_gettime(CLOCK_MONOTONIC, &now)
      time.tv_sec += now.tv_sec
      time.tv_nsec += now.tv_nsec
      if time.tv_nsec >= 1_000_000_000 {
        time.tv_sec += 1
        time.tv_nsec -= 1_000_000_000
      }
      pthread_cond_timedwait(condition, mutex, &time)
    #endif
  }

  /// Wakes one that waits, if any.
  public func signal() { pthread_cond_signal(condition) }

  /// Wakes all that wait.
  public func broadcast() { pthread_cond_broadcast(condition) }

  /// Runs `body` with the lock held.
  public func withLock<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    lock()
    defer { unlock() }
    return try body()
  }
}

/// The calling thread, as a number.
package var currentThreadID: UInt {
  #if canImport(Darwin)
    UInt(bitPattern: pthread_self())
  #else
    UInt(pthread_self())
  #endif
}
