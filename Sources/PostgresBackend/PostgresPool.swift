import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The connections that all jobs of an engine share: an idle job has none.
///
/// Bounded. Who is inside a visit takes one over the bound rather than wait for what the visit itself may hold.
final class PostgresPool: @unchecked Sendable {
  // Sendable: the mutable properties are touched with the mutex held only, whose address never changes.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let most: Int
  private let mostIdle: Int
  private let connect: @Sendable (ContinuousClock.Instant) throws(PostgresFailure) -> PostgresConnection
  private var idle: [PostgresConnection] = []
  private var lent = 0
  private var users = 0
  /// Raised when a connection is lost: what is older may lead to a server that is the primary no longer, and is not lent again.
  private var generation = 0

  init(
    most: Int, mostIdle: Int,
    connect: @escaping @Sendable (ContinuousClock.Instant) throws(PostgresFailure) -> PostgresConnection
  ) {
    self.most = max(1, most)
    self.mostIdle = max(0, min(mostIdle, most))
    self.connect = connect
    pthread_mutex_init(mutex, nil)
    #if canImport(Darwin)
      pthread_cond_init(condition, nil)
    #else
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

  // MARK: Users

  /// Whoever may need connections again; idle ones are kept while there is one.
  func enter() {
    pthread_mutex_lock(mutex)
    users += 1
    pthread_mutex_unlock(mutex)
  }

  /// - Returns: Whether that was the last.
  @discardableResult
  func leave() -> Bool {
    pthread_mutex_lock(mutex)
    users -= 1
    let isLast = users == 0
    var closing: [PostgresConnection] = []
    if isLast { swap(&closing, &idle) }
    pthread_mutex_unlock(mutex)
    closing.removeAll()
    return isLast
  }

  var isUnused: Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return users == 0
  }

  // MARK: Connections

  /// An idle connection, or a new one.
  ///
  /// - Parameter isNested: The caller may hold one already, in a visit further out.
  func take(isNested: Bool, until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> PostgresConnection {
    pthread_mutex_lock(mutex)
    while lent >= most && !isNested {
      guard wait(until: deadline) else {
        pthread_mutex_unlock(mutex)
        throw PostgresFailure(.deadline, "all \(most) connections are in use (PostgresOptions.connections)")
      }
    }
    lent += 1
    let kept = idle.popLast()
    let generation = self.generation
    pthread_mutex_unlock(mutex)
    if let kept { return kept }
    do throws(PostgresFailure) {
      let connection = try connect(deadline)
      connection.generation = generation
      return connection
    } catch {
      returned(nil)
      throw error
    }
  }

  /// How often connections were lost so far.
  var losses: Int {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return generation
  }

  /// Gives a connection back; one that is no longer usable is closed, and so are all that are older than its end.
  func give(_ connection: PostgresConnection) {
    returned(connection)
  }

  private func returned(_ connection: PostgresConnection?) {
    pthread_mutex_lock(mutex)
    lent -= 1
    var closing: [PostgresConnection] = []
    if let connection {
      if !connection.isAlive || connection.isInTransaction {
        generation += 1
        closing = idle
        idle.removeAll()
      } else if connection.generation == generation && idle.count < mostIdle && users > 0 {
        idle.append(connection)
      }
    }
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
    closing.removeAll()
  }

  private func wait(until deadline: ContinuousClock.Instant) -> Bool {
    let rest = deadline - .now
    guard rest > .zero else { return false }
    let (seconds, attoseconds) = rest.components
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
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
    return true
  }
}
