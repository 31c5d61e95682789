import PersistencyCore

/// The session that marks a process as alive: it holds a lock on its owner's number, which the server frees when the session ends.
///
/// A thread waits at its link, which costs nothing while that stands, and finds the server or its successor again when it is cut: a job
/// that nobody calls for hours stays its owner's.
final class PostgresKeeper: @unchecked Sendable {
  // Sendable: the mutable properties are touched under `monitor` only.
  /// Random: no two processes have the same.
  let owner = Int64.random(in: 1...Int64.max)
  private let pool: PostgresPool
  private let connect: @Sendable () throws(PostgresFailure) -> PostgresConnection
  private let monitor = Monitor()
  private var connection: PostgresConnection?
  /// How many connections the pool had lost when the session was last seen to be there.
  private var losses = 0
  private var thread: BackgroundThread?
  private var isStopped = false

  /// - Parameter connect: Makes a connection to the server that takes writes.
  init(
    beside pool: PostgresPool, connect: @escaping @Sendable () throws(PostgresFailure) -> PostgresConnection
  ) {
    self.pool = pool
    self.connect = connect
  }

  /// Sees that the session is there, and with the server that the others lead to.
  func ensure(until deadline: ContinuousClock.Instant) throws(PostgresFailure) {
    let losses = pool.losses
    try monitor.withLock { () throws(PostgresFailure) in
      let old = connection
      if let old, self.losses == losses, (try? old.run(.ping, until: deadline)) != nil { return }
      (connection, self.losses) = (try newSession(until: deadline), losses)
      old?.hangUp()
      // Without a thread to be had the session is looked after by calls alone.
      if thread == nil { thread = BackgroundThread(named: "kv-pg-keeper") { self.lookAfter() } }
    }
  }

  /// Whether connections were lost since the session was last looked at: it may be lost too, or be with an old primary.
  var isInDoubt: Bool {
    let losses = pool.losses
    return monitor.withLock { self.losses != losses }
  }

  /// Ends the session, and the thread that looks after it.
  func stop() {
    let thread = monitor.withLock {
      isStopped = true
      connection?.hangUp()
      monitor.signal()
      return self.thread
    }
    thread?.join()
    // It refers to this object.
    monitor.withLock { self.thread = nil }
  }

  private func newSession(until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> PostgresConnection {
    let new = try connect()
    _ = try new.run(.lockSession, until: deadline) { $0.add(owner) }
    return new
  }

  private func lookAfter() {
    var pause = PostgresPause()
    while true {
      let (standing, isStopped) = monitor.withLock {
        (connection.flatMap { $0.stands ? ($0, $0.socket) : nil }, self.isStopped)
      }
      if isStopped { return }
      if let (connection, socket) = standing {
        pause = PostgresPause()
        // Held meanwhile, so that the socket's number is not another's by now.
        withExtendedLifetime(connection) { PostgresConnection.awaitInput(socket) }
      } else if !renewed() {
        monitor.withLock { if !self.isStopped { monitor.wait(for: pause.next()) } }
      }
    }
  }

  /// Without the lock: whoever opens a job meanwhile need not wait for a server that is not there.
  private func renewed() -> Bool {
    let losses = pool.losses
    let old = monitor.withLock { connection }
    guard let new = try? newSession(until: .now + .seconds(2)) else { return false }
    monitor.withLock {
      // A call may have been faster; then this one is closed.
      if connection === old { (connection, self.losses) = (new, losses) }
    }
    return true
  }
}
