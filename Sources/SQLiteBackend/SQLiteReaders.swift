import CPersistencySQLite
import PersistencyCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The reading connections of one store: a cache of idle ones, never a limit on how many read.
///
/// A reader of points keeps its read transaction from one call to the next, since beginning and ending one costs more
/// than the read. It may use it as long as its *stamp* is the current one, that is until a commit begins here, and at
/// most for a tick of the clock, so that even a commit of another process is seen within milliseconds.
final class SQLiteReaders: Sendable {
  /// A state of the store as this process knows it.
  struct Stamp: Equatable {
    /// Odd while a commit, and the checkpoint after it, is under way: no transaction is kept then.
    let generation: Int
    let tick: Int
  }

  private static let mostIdle = 4
  private let idle = Locked<[SQLiteConnection]>([])
  private let generation = Atomic<Int>(0)
  private let visits = Atomic<Int>(0)
  /// Set by the writer when a checkpoint has to wait for a visit to end.
  let holdsLog = Atomic<Bool>(false)
  private let keeps: Bool
  private let open: @Sendable () throws(PersistencyError) -> SQLiteConnection
  private let shut: @Sendable (SQLiteConnection) -> Void

  init(
    keeps: Bool, open: @escaping @Sendable () throws(PersistencyError) -> SQLiteConnection,
    shut: @escaping @Sendable (SQLiteConnection) -> Void
  ) {
    self.keeps = keeps
    self.open = open
    self.shut = shut
  }

  // MARK: Reading

  /// Lends a connection on the last committed state, for a short read.
  func read<R>(_ body: (SQLiteConnection) throws(PersistencyError) -> R) throws(PersistencyError) -> R {
    let connection = try take()
    do throws(PersistencyError) {
      try renew(connection)
      let result = try body(connection)
      giveBack(connection)
      return result
    } catch {
      discard(connection)
      throw error
    }
  }

  /// Lends a connection in which no transaction is open, for as long as one statement takes.
  ///
  /// An error of `body` may be the visitor's own: the connection is kept.
  func visit(_ body: (SQLiteConnection) throws(PersistencyError) -> Void) throws(PersistencyError) {
    let connection = try take()
    guard end(connection) else {
      discard(connection)
      return try visit(body)
    }
    visits.add(1, ordering: .relaxed)
    defer {
      giveBack(connection)
      visits.subtract(1, ordering: .releasing)
    }
    try body(connection)
  }

  /// Lends a connection of its own, closed afterwards, for as long as a visit would take.
  func visitAlone(_ body: (SQLiteConnection) throws(PersistencyError) -> Void) throws(PersistencyError) {
    let connection = try open()
    visits.add(1, ordering: .relaxed)
    defer {
      discard(connection)
      visits.subtract(1, ordering: .releasing)
    }
    try body(connection)
  }

  /// Whether the log waits for a checkpoint, and no visit is in its way any more.
  var releasesLog: Bool { holdsLog.load(ordering: .relaxed) && visits.load(ordering: .acquiring) == 0 }

  private func take() throws(PersistencyError) -> SQLiteConnection {
    if let connection = idle.withLock({ $0.popLast() }) { return connection }
    return try open()
  }

  /// Leaves a transaction open that may be used on, or begins one at the second read of the same state.
  private func renew(_ connection: SQLiteConnection) throws(PersistencyError) {
    guard keeps else { return }
    // The stamp is taken before the state: what is read is this state or a newer one.
    let now = Stamp(generation: generation.load(ordering: .acquiring), tick: Self.tick)
    if let kept = connection.kept {
      if kept == now { return }
      connection.kept = nil
      try connection.run(.commit)
    }
    if connection.seen == now, now.generation & 1 == 0 {
      try connection.run(.begin)
      connection.kept = now
    }
    connection.seen = now
  }

  private func giveBack(_ connection: SQLiteConnection) {
    if let kept = connection.kept, kept.generation != generation.load(ordering: .acquiring), !end(connection) {
      return discard(connection)
    }
    let surplus = idle.withLock { idle -> SQLiteConnection? in
      // Asked again under the lock: ``endKept()`` must find all that is kept, or see it ended here.
      if let kept = connection.kept, kept.generation != generation.load(ordering: .acquiring), !end(connection) {
        return connection
      }
      if idle.count >= Self.mostIdle { return connection }
      idle.append(connection)
      return nil
    }
    if let surplus { discard(surplus) }
  }

  /// Ends a kept transaction; false if it would not end.
  private func end(_ connection: SQLiteConnection) -> Bool {
    guard connection.kept != nil else { return true }
    connection.kept = nil
    do throws(PersistencyError) { try connection.run(.commit) } catch { return connection.rollback() }
    return true
  }

  private func discard(_ connection: SQLiteConnection) {
    _ = connection.rollback()
    shut(connection)
  }

  // MARK: Around a commit

  /// Nothing kept may be used from here on, nor be kept anew, until ``commitEnded()``.
  func commitBegins() {
    generation.add(1, ordering: .acquiringAndReleasing)
  }

  func commitEnded() {
    generation.add(1, ordering: .acquiringAndReleasing)
  }

  /// Ends the transactions of idle readers, which would hold a checkpoint back; between the two calls above.
  func endKept() {
    let failed = idle.withLock { idle -> [SQLiteConnection] in
      var failed: [SQLiteConnection] = []
      idle.removeAll { connection in
        if end(connection) { return false }
        failed.append(connection)
        return true
      }
      return failed
    }
    for connection in failed { discard(connection) }
  }

  // MARK: Closing

  /// Closes all; nobody reads any more.
  func close() {
    let all = idle.withLock { idle -> [SQLiteConnection] in
      defer { idle.removeAll() }
      return idle
    }
    for connection in all { discard(connection) }
  }

  /// Coarse time, in units of about four milliseconds.
  private static var tick: Int {
    var now = timespec()
    #if canImport(Darwin)
      clock_gettime(CLOCK_MONOTONIC_RAW_APPROX, &now)
    #else
      clock_gettime(CLOCK_MONOTONIC_COARSE, &now)
    #endif
    return now.tv_sec << 8 | now.tv_nsec >> 22
  }
}
