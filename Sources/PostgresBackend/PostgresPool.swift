import PersistencyCore

/// The connections that all jobs of an engine share: an idle job has none.
///
/// Bounded. Who is inside a visit takes one over the bound rather than wait for what the visit itself may hold.
final class PostgresPool: @unchecked Sendable {
  // Sendable: the mutable properties are touched under `monitor` only.
  private let monitor = Monitor()
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
  }

  // MARK: Users

  /// Whoever may need connections again; idle ones are kept while there is one.
  func enter() { monitor.withLock { users += 1 } }

  /// - Returns: Whether that was the last.
  @discardableResult
  func leave() -> Bool {
    // Closed when the lock is given back: each says goodbye to the server.
    var closing: [PostgresConnection] = []
    defer { closing.removeAll() }
    return monitor.withLock {
      users -= 1
      if users == 0 { swap(&closing, &idle) }
      return users == 0
    }
  }

  var isUnused: Bool { monitor.withLock { users == 0 } }

  // MARK: Connections

  /// An idle connection, or a new one.
  ///
  /// - Parameter isNested: The caller may hold one already, in a visit further out.
  func take(isNested: Bool, until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> PostgresConnection {
    let (kept, generation) = try monitor.withLock {
      () throws(PostgresFailure) -> (PostgresConnection?, Int) in
      while lent >= most && !isNested {
        let rest = deadline - .now
        if rest <= .zero {
          throw PostgresFailure(.deadline, "all \(most) connections are in use (PostgresOptions.connections)")
        }
        monitor.wait(for: rest)
      }
      lent += 1
      return (idle.popLast(), self.generation)
    }
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
  var losses: Int { monitor.withLock { generation } }

  /// Gives a connection back; one that is no longer usable is closed, and so are all that are older than its end.
  func give(_ connection: PostgresConnection) {
    returned(connection)
  }

  private func returned(_ connection: PostgresConnection?) {
    var closing: [PostgresConnection] = []
    defer { closing.removeAll() }
    monitor.withLock {
      lent -= 1
      if let connection {
        if !connection.isAlive || connection.isInTransaction {
          generation += 1
          swap(&closing, &idle)
        } else if connection.generation == generation && idle.count < mostIdle && users > 0 {
          idle.append(connection)
        }
      }
      monitor.signal()
    }
  }
}
