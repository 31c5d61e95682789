import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One job's store, open: its row's numbers as this process knows them.
final class PostgresStore: Sendable {
  let server: PostgresServer
  let job: Int64
  /// Nil for a store that is only read.
  let epoch: Int64?
  let options: StoreOptions
  let writer: Locked<PostgresWriter>
  /// Where the job is, as far as this process knows: what a server must not be behind.
  private let known: Locked<PostgresMark>
  /// The same of what is as safe as the server can make it: remembered when the store is closed.
  private let settled: Locked<PostgresMark?>
  private let token: String

  /// The stores open in this process, by their tokens: none is opened twice.
  private static let open = Locked<Set<String>>([])

  private init(
    _ server: PostgresServer, _ row: PostgresJobRow, _ options: StoreOptions, isWriting: Bool
  ) {
    self.server = server
    job = row.job
    epoch = isWriting ? row.epoch : nil
    self.options = options
    token = row.token
    known = Locked(row.mark)
    settled = Locked(nil)
    writer = Locked(PostgresWriter(sequence: row.sequence))
  }

  // MARK: Lifecycle

  static func open(
    _ name: PostgresName, on server: PostgresServer, _ options: StoreOptions, _ state: RemoteStore.State
  ) throws(PersistencyError) -> PostgresStore {
    server.enter()
    do throws(PersistencyError) {
      while true {
        if let store = try attempt(name, on: server, options, state) { return store }
      }
    } catch {
      server.leave()
      throw error
    }
  }

  /// - Returns: Nil when the row was not there, or changed, and is to be looked at again.
  private static func attempt(
    _ name: PostgresName, on server: PostgresServer, _ options: StoreOptions, _ state: RemoteStore.State
  ) throws(PersistencyError) -> PostgresStore? {
    guard let row = try server.find(name) else {
      if options.mustExist || options.access == .readOnly {
        throw PersistencyError(
          options.mustExist ? .corrupted : .jobNotFound,
          "the store is missing, \(server.settings.place); restore it from a backup, or make another")
      }
      try server.create(name, state, token: newToken())
      return nil
    }
    guard row.state == state else {
      throw PersistencyError(
        .conflict, "the store is \(row.state.rawValue), not \(state.rawValue), \(server.settings.place)")
    }
    // Of a token that is open here the row says that it is held, too; but a reader shows only here.
    guard open.withLock({ $0.insert(row.token).inserted }) else {
      throw PersistencyError(
        .locked,
        "the store is open already, by this \(PostgresServer.holder), \(server.settings.place); use that handle, or close it first"
      )
    }
    do throws(PersistencyError) {
      if options.access == .readOnly { return PostgresStore(server, row, options, isWriting: false) }
      if options.durability == .full { server.warnWithoutStandby() }
      if let claimed = try server.claim(row, isFree: true) {
        return PostgresStore(server, claimed, options, isWriting: true)
      }
    } catch {
      forget(row.token)
      throw error
    }
    forget(row.token)
    return nil
  }

  func close() {
    if let epoch { server.release(job, epoch: epoch) }
    if let mark = epoch == nil ? known.withLock({ $0 }) : settled.withLock({ $0 }) {
      server.marks.withLock { $0[job, default: mark].note(mark) }
    }
    Self.forget(token)
    server.leave()
  }

  private static func forget(_ token: String) { open.withLock { _ = $0.remove(token) } }

  static func isOpen(_ token: String) -> Bool { open.withLock { $0.contains(token) } }

  private static func newToken() -> String {
    String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
  }

  // MARK: Reading

  /// Reads with one connection, which is compared with what this process knows before its answer is believed.
  func read<R>(
    isNested: Bool, _ action: String,
    _ body: (PostgresConnection, ContinuousClock.Instant) throws(PostgresFailure) -> R
  ) throws(PersistencyError) -> R {
    var refusal: PersistencyError?
    do throws(PostgresFailure) {
      return try server.again(isNested: isNested) { connection, deadline throws(PostgresFailure) in
        try compare(connection, until: deadline, &refusal)
        return try body(connection, deadline)
      }
    } catch {
      if let refusal { throw refusal }
      throw server.error(error, action)
    }
  }

  /// Once a connection: whether its server is where this job was, and not an old primary, or a restored one.
  func compare(
    _ connection: PostgresConnection, until deadline: ContinuousClock.Instant, _ refusal: inout PersistencyError?
  ) throws(PostgresFailure) {
    if connection.compared.contains(job) { return }
    let known = mark
    let result = try connection.run(.ledger, until: deadline) { $0.add(job) }
    try believe(result, known: known, &refusal)
    connection.compared.insert(job)
    server.prefer(connection)
    if epoch != nil { server.renewKeeper() }
  }

  /// - Parameter known: From before the ledger was asked for: another thread may know more by now.
  private func believe(
    _ ledger: PostgresResult, known: PostgresMark, _ refusal: inout PersistencyError?
  ) throws(PostgresFailure) {
    if let fault = fault(ledger, known: known) {
      refusal = fault
      throw PostgresFailure(fault.kind == .corrupted ? .behind : .server, fault.message)
    }
    if epoch == nil { note(PostgresMark(epoch: ledger.integer(0, 0), sequence: ledger.integer(0, 1))) }
  }

  /// Runs a command that reads rows.
  ///
  /// Of a store that this process only reads nobody here knows how far it is: its ledger comes with every answer, so that what was read
  /// is never taken back by another server.
  func ask(
    _ connection: PostgresConnection, _ query: PostgresQuery, until deadline: ContinuousClock.Instant,
    _ fill: (inout PostgresParameters) -> Void
  ) throws(PostgresFailure) -> PostgresResult {
    if epoch != nil { return try connection.run(query, until: deadline, fill) }
    let known = mark
    try connection.send(query, until: deadline, fill)
    return try rows(on: connection, known: known, until: deadline)
  }

  /// Where the job is, as far as this process knows now.
  var mark: PostgresMark { known.withLock { $0 } }

  /// Waits for the answer to the command that was sent last, which reads rows.
  ///
  /// - Parameter known: From before the state that is read was taken; nil within one, which others may have gone beyond.
  func rows(
    on connection: PostgresConnection, known: PostgresMark?, until deadline: ContinuousClock.Instant
  ) throws(PostgresFailure) -> PostgresResult {
    if epoch != nil { return try connection.last(of: connection.answers(until: deadline)) }
    // After the rows: it is at least as far as they are.
    try connection.send(.ledger, until: deadline) { $0.add(job) }
    let answers = try connection.answers(until: deadline)
    let ledger = try connection.last(of: answers)
    if ledger.rows == 1 {
      let found = PostgresMark(epoch: ledger.integer(0, 0), sequence: ledger.integer(0, 1))
      if let known, found.isBehind(known) { throw server.behind(found, known) }
      note(found)
    }
    return try connection.last(of: answers.dropLast())
  }

  /// What the job's row says against the server it comes from; nil when it is as it should be.
  func fault(_ result: PostgresResult, known: PostgresMark) -> PersistencyError? {
    let place = server.settings.place
    guard result.rows == 1 else {
      return PersistencyError(
        .corrupted, "the job is gone from \(place): it was dropped, or this is not the server that it was on")
    }
    let found = PostgresMark(epoch: result.integer(0, 0), sequence: result.integer(0, 1))
    if let own = self.epoch, found.epoch > own { return fenced }
    if !found.isBehind(known) { return nil }
    return PersistencyError(.corrupted, "\(place): \(server.behind(found, known).text)")
  }

  var fenced: PersistencyError {
    PersistencyError(
      .locked, "the job was taken over by another writer, \(server.settings.place); close it here, and open it again")
  }

  /// Where the job is, as a server said.
  private func note(_ mark: PostgresMark) { known.withLock { $0.note(mark) } }

  /// A commit of ours that is in.
  ///
  /// - Parameter isSettled: It waited for the disk, and for the standby where there is one.
  func note(_ sequence: Int64, isSettled: Bool) {
    guard let epoch else { return }
    let mark = PostgresMark(epoch: epoch, sequence: sequence)
    note(mark)
    if isSettled { settled.withLock { $0 = mark } }
  }

  /// What a server must have of the job before commit `number` is made, or asked for.
  func mark(before number: Int64) -> PostgresMark { PostgresMark(epoch: epoch ?? 0, sequence: number - 1) }
}

extension PostgresServer {
  /// This process, for people.
  static let holder: String = {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "process \(getpid()) on \(host)"
  }()
}
