#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A value that one thread at a time may touch: for adapters and for what they share.
///
/// `Synchronization.Mutex` does the same. This one is a POSIX mutex, for two reasons: sanitizers know it (the slow path of the
/// other is in a library that ThreadSanitizer does not see into, so that every contended lock looks like a race), and a
/// contended one needs no priority-inheriting system call. Not recursive: `body` must not come back to the same lock.
///
/// A lock that guards nothing of its own holds a `Bool`, not `()`: a value of no size has no address of its own, and ThreadSanitizer takes
/// its use for that of the object.
public final class Locked<Value>: @unchecked Sendable {
  // Sendable: `value` is touched with the mutex held only, and the mutex's address never changes.
  @usableFromInline var value: Value
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  /// Puts a value behind a lock of its own.
  public init(_ value: sending Value) {
    self.value = value
    mutex = UnsafeMutablePointer.allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    #if canImport(Glibc)
      // Spins for a moment before it sleeps: what is done under these locks takes less than putting a thread to sleep.
      var attributes = pthread_mutexattr_t()
      pthread_mutexattr_init(&attributes)
      pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_ADAPTIVE_NP))
      pthread_mutex_init(mutex, &attributes)
      pthread_mutexattr_destroy(&attributes)
    #else
      pthread_mutex_init(mutex, nil)
    #endif
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  @usableFromInline func lock() { pthread_mutex_lock(mutex) }
  @usableFromInline func tryLock() -> Bool { pthread_mutex_trylock(mutex) == 0 }
  @usableFromInline func unlock() { pthread_mutex_unlock(mutex) }

  /// Runs `body` while no other thread is inside.
  @inlinable
  public func withLock<R, E: Error>(_ body: (inout Value) throws(E) -> R) throws(E) -> R {
    lock()
    defer { unlock() }
    return try body(&value)
  }

  /// Runs `body` if no other thread is inside; nil when one is.
  @inlinable
  public func withLockIfAvailable<R, E: Error>(_ body: (inout Value) throws(E) -> R) throws(E) -> R? {
    guard tryLock() else { return nil }
    defer { unlock() }
    return try body(&value)
  }
}
