import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One cluster as one engine value sees it: its connections, its schema, and the session that marks this process as alive.
final class PostgresServer: Sendable {
  let settings: PostgresSettings
  let options: PostgresOptions
  let pool: PostgresPool
  /// Of a job, what this process knows of it, when it is not open; for the life of the engine's value.
  let marks = Locked<[Int64: PostgresMark]>([:])
  private let hosts: Locked<PostgresHosts>
  /// How many hosts the connection string names.
  let hostCount: Int
  /// Whether somebody was told that there is no standby, or there is one.
  let hasLookedForStandby = Locked(false)
  private let isPrepared = Locked(false)
  private let keeper = Locked<PostgresKeeper?>(nil)

  init(_ connection: String, _ options: PostgresOptions) throws(PersistencyError) {
    let settings = try PostgresSettings(connection, options)
    self.settings = settings
    self.options = options
    let all = PostgresHosts(settings.values)
    let hosts = Locked(all)
    (self.hosts, hostCount) = (hosts, all.count)
    pool = PostgresPool(most: options.connections, mostIdle: options.idleConnections) {
      deadline throws(PostgresFailure) in try Self.connect(settings, hosts, options, until: deadline)
    }
  }

  var deadline: ContinuousClock.Instant { .now + options.deadline }

  func error(
    _ failure: PostgresFailure, _ action: String, outcome: PersistencyError.Outcome = .notApplied
  ) -> PersistencyError {
    PostgresError.error(failure, action, settings, outcome: outcome)
  }

  // MARK: Connecting

  private static func connect(
    _ settings: PostgresSettings, _ hosts: Locked<PostgresHosts>, _ options: PostgresOptions,
    until deadline: ContinuousClock.Instant
  ) throws(PostgresFailure) -> PostgresConnection {
    let ordered = hosts.withLock { $0.ordered(settings.forWriting) }
    let connection = try PostgresConnection(ordered)
    guard options.dialect == .postgres else { return connection }
    // No compilation and no other plan than the walk of the key: it is the right one for every command here, and a
    // table that was never analysed makes the planner think otherwise. What a client gave up ends on the server too.
    let milliseconds =
      options.deadline.components.seconds * 1_000 + options.deadline.components.attoseconds / 1_000_000_000_000_000
    let names = [
      ("jit", "off"), ("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"),
      ("enable_bitmapscan", "off"),
      ("enable_hashjoin", "off"), ("enable_mergejoin", "off"), ("max_parallel_workers_per_gather", "0"),
      ("statement_timeout", "\(max(1, milliseconds))"), ("default_transaction_isolation", "read committed"),
      ("tcp_keepalives_idle", "5"), ("tcp_keepalives_interval", "1"), ("tcp_keepalives_count", "3"),
    ]
    let calls = names.map { "set_config('\($0.0)','\($0.1)',false)" }.joined(separator: ",")
    try connection.send(once: "SELECT \(calls)")
    _ = try connection.answers(until: deadline)
    return connection
  }

  // MARK: Using

  /// Lends a connection for one attempt.
  func once<R>(
    isNested: Bool = false, until deadline: ContinuousClock.Instant,
    _ body: (PostgresConnection) throws(PostgresFailure) -> R
  ) throws(PostgresFailure) -> R {
    let connection = try pool.take(isNested: isNested, until: deadline)
    defer { pool.give(connection) }
    do throws(PostgresFailure) {
      return try body(connection)
    } catch {
      // A standby, or a primary from before a failover: another connection may find the one that is.
      if error.state == "25006" || error.cause == .behind { connection.giveUp() }
      if error.cause == .behind || error.cause == .deadline { avoid(connection) }
      throw error
    }
  }

  /// Its host is the one to find again.
  func prefer(_ connection: PostgresConnection) {
    if hostCount > 1 { hosts.withLock { $0.prefer(connection.host) } }
  }

  /// Its host is tried after the others.
  func avoid(_ connection: PostgresConnection) {
    if hostCount > 1 { hosts.withLock { $0.avoid(connection.host) } }
  }

  /// Lends a connection for what changes nothing, again while the link is lost, until the deadline.
  func again<R>(
    isNested: Bool = false, _ body: (PostgresConnection, ContinuousClock.Instant) throws(PostgresFailure) -> R
  ) throws(PostgresFailure) -> R {
    let deadline = self.deadline
    var pause = PostgresPause()
    var behind = 0
    while true {
      do throws(PostgresFailure) {
        return try once(isNested: isNested, until: deadline) { connection throws(PostgresFailure) in
          try body(connection, deadline)
        }
      } catch {
        if error.cause == .behind {
          behind += 1
          // Each host is asked once.
          if behind < hostCount { continue }
        }
        guard error.isLinkLost || error.isTransient else { throw error }
        guard pause.sleep(until: deadline) else {
          throw PostgresFailure(.deadline, state: error.state, error.text)
        }
      }
    }
  }

  // MARK: Opening

  /// Makes and examines the schema, once.
  ///
  /// Without waiting for a server that is not there: whoever opens wants to know.
  func prepare() throws(PersistencyError) {
    try isPrepared.withLock { isPrepared throws(PersistencyError) in
      if isPrepared { return }
      let deadline = self.deadline
      let fault: SchemaFault?
      do throws(PostgresFailure) {
        fault = try once(until: deadline) { connection throws(PostgresFailure) in
          try examine(connection, until: deadline)
        }
      } catch {
        throw self.error(error, "opening PostgreSQL")
      }
      if let fault { throw fault.error(settings) }
      isPrepared = true
    }
  }

  private func examine(
    _ connection: PostgresConnection, until deadline: ContinuousClock.Instant
  ) throws(PostgresFailure) -> SchemaFault? {
    var columns = try columns(connection, until: deadline)
    if columns != PostgresLayout.columns {
      // The version is written last: without it somebody may just be making the tables, or was cut short; with it a table is gone.
      if columns.contains("kv_meta:k:text"), try version(connection, until: deadline).rows > 0 {
        columns = try self.columns(connection, until: deadline)
        if columns != PostgresLayout.columns { return .altered(columns) }
      }
      // Two that make them at once get in one another's way, harmlessly.
      for command in PostgresLayout.tables(options.dialect) {
        do throws(PostgresFailure) {
          try connection.send(once: command)
          _ = try connection.answers(until: deadline)
        } catch {
          guard error.state == "23505" || error.state == "42P07" || error.state == "42710" else { throw error }
        }
      }
      columns = try self.columns(connection, until: deadline)
    }
    if columns != PostgresLayout.columns { return .altered(columns) }
    let version = try self.version(connection, until: deadline)
    guard version.rows == 1 else { return .altered(columns) }
    return version.integer(0, 0) == PostgresLayout.schemaVersion ? nil : .version(version.integer(0, 0))
  }

  private func version(
    _ connection: PostgresConnection, until deadline: ContinuousClock.Instant
  ) throws(PostgresFailure) -> PostgresResult {
    try connection.send(once: PostgresLayout.version)
    return try connection.last(of: connection.answers(until: deadline))
  }

  private func columns(
    _ connection: PostgresConnection, until deadline: ContinuousClock.Instant
  ) throws(PostgresFailure) -> String {
    try connection.send(once: PostgresLayout.examination)
    return try connection.last(of: connection.answers(until: deadline)).text(0, 0)
  }

  /// The number that jobs opened here for writing carry as their owner's; its session is there when this returns.
  ///
  /// Called after ``enter()``: the keeper lasts until the last user has left.
  func owner() throws(PersistencyError) -> Int64 {
    let keeper = keeper.withLock { keeper in
      if let keeper { return keeper }
      let new = PostgresKeeper(beside: pool) { [settings, hosts, options] () throws(PostgresFailure) in
        try Self.connect(settings, hosts, options, until: .now + options.deadline)
      }
      keeper = new
      return new
    }
    // Elsewhere a holder is known by its row alone.
    guard options.dialect == .postgres else { return keeper.owner }
    do throws(PostgresFailure) {
      try keeper.ensure(until: deadline)
    } catch {
      throw self.error(error, "opening PostgreSQL")
    }
    return keeper.owner
  }

  /// Whether the job's owner is this engine.
  func isOurs(_ row: PostgresJobRow) -> Bool { keeper.withLock { $0?.owner } == row.owner }

  /// After a link was lost and found, that of the session that marks us as alive may be lost too, or be with an old primary; best effort.
  func renewKeeper() {
    if keeper.withLock({ $0 })?.isInDoubt == true { _ = try? owner() }
  }

  /// A store of the engine is open from now on.
  func enter() { pool.enter() }

  /// A store is closed; the last one takes every connection along.
  func leave() {
    guard pool.leave() else { return }
    // Who enters from here on asks for the keeper after it has entered, and so either is seen here or makes another.
    let unused = keeper.withLock { keeper in
      guard pool.isUnused else { return PostgresKeeper?.none }
      defer { keeper = nil }
      return keeper
    }
    unused?.stop()
  }
}

/// What is wrong with the tables of a server that answers well.
private enum SchemaFault {
  case altered(String)
  case version(Int64)

  func error(_ settings: PostgresSettings) -> PersistencyError {
    switch self {
    case .altered(let columns):
      PersistencyError(
        .corrupted,
        "\(settings.place) has tables kv, kv_jobs or kv_meta that are not ours, or were altered (\(columns)); restore them, or use another database or schema"
      )
    case .version(let number):
      PersistencyError(
        .unsupported,
        "\(settings.place) has schema version \(number), this library knows \(PostgresLayout.schemaVersion); use a version of Persistency that knows it"
      )
    }
  }
}

/// Longer and longer pauses, each with a random part, between attempts.
struct PostgresPause {
  private var milliseconds = 5

  /// - Returns: Whether there is time for another attempt.
  mutating func sleep(until deadline: ContinuousClock.Instant) -> Bool {
    let pause = next()
    guard .now + pause < deadline else { return false }
    usleep(UInt32(pause.components.attoseconds / 1_000_000_000_000))
    return true
  }

  /// Half a second at most.
  mutating func next() -> Duration {
    defer { milliseconds = min(milliseconds * 2, 500) }
    return .milliseconds(Int.random(in: milliseconds / 2...milliseconds))
  }
}
