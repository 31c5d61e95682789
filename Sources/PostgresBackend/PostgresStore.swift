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
  /// The last commit that this process knows of: what a server must not be behind.
  private let known: Locked<Int64>
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
    known = Locked(row.sequence)
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
      if let claimed = try server.claim(row) { return PostgresStore(server, claimed, options, isWriting: true) }
    } catch {
      forget(row.token)
      throw error
    }
    forget(row.token)
    return nil
  }

  func close() {
    if let epoch { server.release(job, epoch: epoch) }
    Self.forget(token)
    server.leave()
  }

  private static func forget(_ token: String) { open.withLock { _ = $0.remove(token) } }

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
    let known = self.known.withLock { $0 }
    let result = try connection.run(.ledger, until: deadline) { $0.add(job) }
    if let fault = fault(result, known: known) {
      refusal = fault
      throw PostgresFailure(.server, fault.message)
    }
    connection.compared.insert(job)
    if epoch == nil { note(result.integer(0, 1)) }
  }

  /// What the job's row says against the server it comes from; nil when it is as it should be.
  func fault(_ result: PostgresResult, known: Int64) -> PersistencyError? {
    let place = server.settings.place
    guard result.rows == 1 else {
      return PersistencyError(
        .corrupted, "the job is gone from \(place): it was dropped, or this is not the server that it was on")
    }
    let (epoch, sequence) = (result.integer(0, 0), result.integer(0, 1))
    if let own = self.epoch, epoch > own { return fenced }
    if sequence < known || self.epoch.map({ epoch < $0 }) == true {
      return PersistencyError(
        .corrupted,
        "\(place) has gone back: it is at commit \(sequence) of a job that was at \(known); a primary from before a failover, or a backup, answers there: take it away, or reopen the job to accept what it has"
      )
    }
    return nil
  }

  var fenced: PersistencyError {
    PersistencyError(
      .locked, "the job was taken over by another writer, \(server.settings.place); close it here, and open it again")
  }

  /// A commit that this process knows of.
  func note(_ sequence: Int64) { known.withLock { $0 = max($0, sequence) } }
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
