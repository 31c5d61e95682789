import CPersistencyPostgres
import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One connection, in pipeline mode from its first to its last command; every wait for the server ends at a deadline.
///
/// All pointers of libpq live here and in ``PostgresResult``.
final class PostgresConnection: @unchecked Sendable {
  // Sendable: the pool lends it to one thread at a time.
  private let handle: OpaquePointer
  private let notices = Notices()
  /// The commands that are prepared, a bit each.
  private var prepared: UInt64 = 0
  private var parameters = PostgresParameters()
  /// What was sent and not answered yet, in order; nil for a command that prepares.
  private var awaited: [Step] = []
  /// Whether what is awaited ends a transaction, whose answer nobody needs.
  private var isEndAwaited = false

  private var isGivenUp = false

  /// Whether commits wait for the disk; nil while that is not known.
  var syncs: Bool?
  /// The pool's count of lost connections when this one was made.
  var generation = 0
  /// The jobs whose ledger was compared on this connection.
  var compared: Set<Int64> = []
  /// A transaction was begun and may not have ended.
  var isInTransaction: Bool {
    let status = PQtransactionStatus(handle)
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
  }

  private enum Step {
    case prepare(PostgresQuery)
    case command
  }

  // MARK: Lifecycle

  /// Connects: for each host in turn, for as long as the settings allow.
  init(_ settings: [(name: String, value: String)]) throws(PostgresFailure) {
    let names = settings.map { strdup($0.name) }
    let values = settings.map { strdup($0.value) }
    defer { for text in names + values { free(text) } }
    let keywords = names.map { UnsafePointer($0) } + [nil]
    let contents = values.map { UnsafePointer($0) } + [nil]
    guard let handle = PQconnectdbParams(keywords, contents, 0) else {
      throw PostgresFailure(.link, "no memory for a connection")
    }
    self.handle = handle
    guard PQstatus(handle) == CONNECTION_OK else {
      // The deinitialiser closes it.
      let text = String(cString: PQerrorMessage(handle))
      throw PostgresFailure(.link, state: Self.state(in: text), text)
    }
    PQsetNoticeReceiver(
      handle,
      { context, result in
        guard let context, let field = PQresultErrorField(result, Notices.stateField) else { return }
        Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue().note(String(cString: field))
      }, Unmanaged.passUnretained(notices).toOpaque())
    guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1 else { throw lost() }
  }

  deinit { PQfinish(handle) }

  /// libpq keeps no SQLSTATE of a connection that failed; its words tell the few that matter.
  private static func state(in text: String) -> String {
    if text.contains("too many clients") || text.contains("remaining connection slots") { return "53300" }
    if text.contains("starting up") || text.contains("shutting down") || text.contains("in recovery mode") {
      return "57P03"
    }
    if text.contains("password authentication failed") || text.contains("no password supplied") { return "28P01" }
    if text.contains("database \"") && text.contains("does not exist") { return "3D000" }
    return ""
  }

  /// Whether it can be used again: not after an answer that did not come.
  var isAlive: Bool { !isGivenUp && PQstatus(handle) == CONNECTION_OK }

  /// The host that it leads to, and its port, of those that the settings name.
  var host: (name: String, port: String) {
    (PQhost(handle).map { String(cString: $0) } ?? "", PQport(handle).map { String(cString: $0) } ?? "")
  }

  /// It leads to a server that is not the one that is meant.
  func giveUp() { isGivenUp = true }

  // MARK: Standing by

  /// Whether the link is there still, of a connection that awaits nothing.
  var stands: Bool { PQconsumeInput(handle) == 1 && isAlive }

  var socket: Int32 { PQsocket(handle) }

  /// Waits until there is something to read at a socket, or its end.
  static func awaitInput(_ socket: Int32) {
    var socket = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    while poll(&socket, 1, -1) < 0 && errno == EINTR {}
  }

  /// Ends the link, so that whoever waits at it goes on.
  func hangUp() { shutdown(PQsocket(handle), Int32(SHUT_RDWR)) }

  // MARK: Commands

  /// Sends a command; answers come with ``answers(until:)``.
  func send(
    _ query: PostgresQuery, until deadline: ContinuousClock.Instant,
    _ fill: (inout PostgresParameters) -> Void = { _ in }
  ) throws(PostgresFailure) {
    if isEndAwaited {
      isEndAwaited = false
      _ = try? answers(until: deadline, isSynced: true)
      if !isAlive { throw lost() }
    }
    if prepared & query.bit == 0 {
      prepared |= query.bit
      let types = query.types
      guard PQsendPrepare(handle, query.name, query.sql, Int32(types.count), types) == 1 else { throw lost() }
      awaited.append(.prepare(query))
    }
    try dispatch(query, fill)
    awaited.append(.command)
  }

  private func dispatch(
    _ query: PostgresQuery, _ fill: (inout PostgresParameters) -> Void
  ) throws(PostgresFailure) {
    parameters.reset()
    fill(&parameters)
    let isSent = parameters.withPointers { count, values, lengths, formats in
      PQsendQueryPrepared(handle, query.name, count, values, lengths, formats, 1) == 1
    }
    guard isSent else { throw lost() }
  }

  /// Sends a command that is not worth preparing, without parameters.
  func send(once sql: String) throws(PostgresFailure) {
    guard PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 1) == 1 else { throw lost() }
    awaited.append(.command)
  }

  /// Ends what was sent, and waits for the answer to each command.
  ///
  /// - Throws: The first failure; the transaction, if there was one, is then rolled back.
  func answers(until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> [PostgresResult] {
    do throws(PostgresFailure) {
      return try answers(until: deadline, isSynced: false)
    } catch {
      if isAlive && PQtransactionStatus(handle) == PQTRANS_INERROR { end(.rollback) }
      throw error
    }
  }

  /// Ends the transaction without waiting for the answer, which the next use takes.
  func end(_ query: PostgresQuery) {
    guard (try? send(query, until: .now + .seconds(1))) != nil, PQpipelineSync(handle) == 1 else { return }
    isEndAwaited = true
  }

  /// One command and its answer.
  func run(
    _ query: PostgresQuery, until deadline: ContinuousClock.Instant,
    _ fill: (inout PostgresParameters) -> Void = { _ in }
  ) throws(PostgresFailure) -> PostgresResult {
    guard prepared & query.bit != 0, awaited.isEmpty else {
      try send(query, until: deadline, fill)
      return try last(of: answers(until: deadline))
    }
    // The same with no account to keep: a get is little more than this.
    try dispatch(query, fill)
    guard PQpipelineSync(handle) == 1 else { throw lost() }
    guard let result = try next(until: deadline) else { throw lost() }
    let status = PQresultStatus(result)
    let answer = PostgresResult(result)
    var failure: PostgresFailure?
    if status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK { failure = Self.failure(result, 0) }
    while let more = try next(until: deadline) { PQclear(more) }
    if !isAlive { throw failure ?? lost() }
    if let sync = try next(until: deadline) { PQclear(sync) }
    guard let failure else { return answer }
    if PQtransactionStatus(handle) == PQTRANS_INERROR { end(.rollback) }
    throw failure
  }

  func last(of results: some BidirectionalCollection<PostgresResult>) throws(PostgresFailure) -> PostgresResult {
    guard let last = results.last else { throw PostgresFailure(.link, "the server did not answer") }
    return last
  }

  /// Whether a warning since the last call says that a commit's wait for its standby was cut short.
  func takeDoubt() -> Bool { notices.take() }

  // MARK: Waiting

  private func answers(
    until deadline: ContinuousClock.Instant, isSynced: Bool
  ) throws(PostgresFailure) -> [PostgresResult] {
    if !isSynced, PQpipelineSync(handle) != 1 { throw lost() }
    let steps = awaited
    awaited.removeAll(keepingCapacity: true)
    var results: [PostgresResult] = []
    var failure: PostgresFailure?
    var command = 0
    for step in steps {
      var isDone = false
      while let result = try next(until: deadline) {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
          isDone = true
          if case .command = step { results.append(PostgresResult(result)) } else { PQclear(result) }
        case PGRES_PIPELINE_ABORTED: PQclear(result)
        default:
          if failure == nil { failure = Self.failure(result, command) }
          PQclear(result)
        }
      }
      if case .prepare(let query) = step, !isDone { prepared &= ~query.bit }
      if case .command = step { command += 1 }
      if !isAlive { throw failure ?? lost() }
    }
    if let sync = try next(until: deadline) { PQclear(sync) }
    if let failure { throw failure }
    return results
  }

  private func next(until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> OpaquePointer? {
    while PQisBusy(handle) == 1 { try wait(until: deadline) }
    return PQgetResult(handle)
  }

  private func wait(until deadline: ContinuousClock.Instant) throws(PostgresFailure) {
    let unsent = PQflush(handle)
    if unsent < 0 { throw lost() }
    let rest = (deadline - .now).components
    // Rounded up, so that a wait is not spun through.
    let milliseconds = rest.seconds * 1_000 + rest.attoseconds / 1_000_000_000_000_000 + 1
    var socket = pollfd(fd: PQsocket(handle), events: Int16(POLLIN | (unsent == 1 ? POLLOUT : 0)), revents: 0)
    let ready = rest.seconds < 0 || rest.attoseconds < 0 ? 0 : poll(&socket, 1, Int32(clamping: milliseconds))
    if ready < 0 {
      if errno == EINTR { return }
      throw lost()
    }
    if ready == 0 {
      isGivenUp = true
      throw PostgresFailure(.deadline, "no answer in time")
    }
    if Int32(socket.revents) & Int32(POLLIN | POLLERR | POLLHUP) != 0, PQconsumeInput(handle) != 1 { throw lost() }
  }

  // MARK: Failures

  private func lost() -> PostgresFailure {
    let text = String(cString: PQerrorMessage(handle))
    return PostgresFailure(.link, text.isEmpty ? "the connection is lost" : text)
  }

  private static func failure(_ result: OpaquePointer, _ command: Int) -> PostgresFailure {
    let state = PQresultErrorField(result, Notices.stateField).map { String(cString: $0) } ?? ""
    let primary = PQresultErrorField(result, Notices.messageField).map { String(cString: $0) }
    // A connection that breaks makes a result of its own, without a state.
    let text = primary ?? String(cString: PQresultErrorMessage(result))
    return PostgresFailure(state.isEmpty ? .link : .server, state: state, text, command: command)
  }
}

/// The warnings of one connection.
private final class Notices {
  // PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY, which are macros of characters.
  static let stateField = Int32(UInt8(ascii: "C"))
  static let messageField = Int32(UInt8(ascii: "M"))

  private var isInDoubt = false

  func note(_ state: String) {
    // "canceling wait for synchronous replication", and the same because the server shuts down.
    if state == "01000" || state == "57P01" { isInDoubt = true }
  }

  func take() -> Bool {
    defer { isInDoubt = false }
    return isInDoubt
  }
}
