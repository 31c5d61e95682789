import PersistencyCore

extension PostgresStore {
  /// What became of one attempt at a transaction.
  private enum Attempt {
    case committed
    /// Nothing of it was applied, and it may be run again.
    case repeatable(PostgresFailure)
    /// Nothing of it was applied, and it will not go better.
    case refused(PersistencyError)
    /// The answer to its commit did not come, or came with a warning.
    case unknown(PostgresFailure)
    /// The job's row is not what it was left as.
    case moved(PostgresFailure)
    /// This server is behind, and nothing was sent to it; another host may be the primary.
    case behind(PersistencyError)
  }

  /// Runs a plan as one transaction, as often as it takes, until the deadline; under the write lock.
  ///
  /// - Throws: With outcome `.unknown` when the server cannot be asked what became of it; the store latches then.
  func run(_ plan: PostgresPlan, sync: Bool, _ writer: inout PostgresWriter) throws(PersistencyError) {
    if let latch = writer.latch { throw latch }
    let deadline = server.deadline
    let number = writer.sequence + 1
    var pause = PostgresPause()
    // Whether the ledger has to be asked before there is another attempt, and whether one may be in.
    var isInDoubt = false
    var mayBeIn = false
    var behind = 0
    while true {
      let attempt =
        isInDoubt
        ? resolve(number, mayBeIn: mayBeIn, sync: sync, until: deadline)
        : attempt(plan, number, sync: sync, until: deadline)
      let failure: PostgresFailure
      switch attempt {
      case .committed:
        writer.sequence = number
        note(number, isSettled: sync || options.durability == .full)
        if mayBeIn { server.renewKeeper() }
        return
      case .behind(let error):
        behind += 1
        // Each host is asked once.
        if behind < server.hostCount { continue }
        writer.latch = error
        throw mayBeIn ? error.withUnknownOutcome : error
      case .refused(let error):
        guard error.kind == .locked || error.kind == .corrupted else { throw error }
        writer.latch = error
        // Here it is not; where it was sent it may be.
        throw mayBeIn ? error.withUnknownOutcome : error
      case .repeatable(let why):
        isInDoubt = false
        failure = why
      case .unknown(let why):
        (isInDoubt, mayBeIn) = (true, true)
        failure = why
      case .moved(let why):
        isInDoubt = true
        failure = why
      }
      guard pause.sleep(until: deadline) else {
        if isInDoubt { throw latched(failure, &writer) }
        throw server.error(failure, "committing")
      }
    }
  }

  private func latched(_ failure: PostgresFailure, _ writer: inout PostgresWriter) -> PersistencyError {
    let error = server.error(failure, "committing", outcome: .unknown)
    writer.latch = PersistencyError(
      .backend,
      "the store takes no writes until it is opened again, because nobody can tell what became of one: \(error.message)"
    )
    return error
  }

  // MARK: One attempt

  /// Sends all of it in one go: guard, rows, commit.
  private func attempt(
    _ plan: PostgresPlan, _ number: Int64, sync: Bool, until deadline: ContinuousClock.Instant
  ) -> Attempt {
    guard let epoch else { return .refused(fenced) }
    let syncs = sync || options.durability == .full
    var refusal: PersistencyError?
    // Nothing can be in before the first command left; of what failed later the server tells, or the ledger.
    var isSent = false
    do throws(PostgresFailure) {
      return try server.once(isNested: true, until: deadline) { connection throws(PostgresFailure) in
        try compare(connection, until: deadline, &refusal)
        _ = connection.takeDoubt()
        var commands = 0
        if server.options.dialect == .postgres, connection.syncs != syncs {
          connection.syncs = nil
          try connection.send(.set, until: deadline) { $0.add(syncs ? "on" : "off") }
          commands += 1
        }
        try connection.send(.begin, until: deadline)
        try connection.send(.guardWrite, until: deadline) { parameters in
          parameters.add(job)
          parameters.add(number)
          parameters.add(epoch)
        }
        let guardCommand = commands + 1
        isSent = true
        try plan.send(to: connection, job: job, until: deadline)
        try connection.send(.commit, until: deadline)
        do throws(PostgresFailure) {
          _ = try connection.answers(until: deadline)
        } catch {
          let isAlive = connection.isAlive
          // A standby: another connection may find the primary.
          if error.state == "25006" { connection.giveUp() }
          if error.cause == .deadline { server.avoid(connection) }
          return judge(error, isAlive: isAlive, guardCommand: guardCommand)
        }
        connection.syncs = syncs
        if connection.takeDoubt() {
          return .unknown(PostgresFailure(.server, state: "01000", "the wait for the standby was cut short"))
        }
        return .committed
      }
    } catch {
      if let refusal { return refusal.kind == .corrupted ? .behind(refusal) : .refused(refusal) }
      if isSent { return .unknown(error) }
      return error.isLinkLost || error.isTransient
        ? .repeatable(error) : .refused(server.error(error, "committing"))
    }
  }

  /// What an error answer means for the transaction.
  private func judge(_ failure: PostgresFailure, isAlive: Bool, guardCommand: Int) -> Attempt {
    // Without a link nobody has said what became of the commit.
    if !isAlive || failure.cause != .server || failure.state == "40003" { return .unknown(failure) }
    if failure.isTransient || failure.state == "25006" { return .repeatable(failure) }
    if failure.command == guardCommand, failure.state == "23502" || failure.state == "22012" { return .moved(failure) }
    // The server refused a command, and with it everything.
    return .refused(server.error(failure, "committing"))
  }

  // MARK: After doubt

  /// Asks the ledger, by a commit of its own: it waits for one of ours that is still under way, and for the standby.
  private func resolve(
    _ number: Int64, mayBeIn: Bool, sync: Bool, until deadline: ContinuousClock.Instant
  ) -> Attempt {
    let syncs = sync || options.durability == .full
    var refusal: PersistencyError?
    do throws(PostgresFailure) {
      return try server.once(isNested: true, until: deadline) { connection throws(PostgresFailure) in
        // What it asks with is a write, too, which an old primary would keep waiting for its standby.
        try compare(connection, until: deadline, &refusal)
        _ = connection.takeDoubt()
        if server.options.dialect == .postgres {
          connection.syncs = nil
          try connection.send(.set, until: deadline) { $0.add(syncs ? "on" : "off") }
        }
        try connection.send(.begin, until: deadline)
        try connection.send(.touch, until: deadline) { $0.add(job) }
        try connection.send(.commit, until: deadline)
        let answers = try connection.answers(until: deadline)
        if connection.takeDoubt() {
          return .unknown(PostgresFailure(.server, state: "01000", "the wait for the standby was cut short"))
        }
        return verdict(answers[answers.count - 2], number, mayBeIn: mayBeIn)
      }
    } catch {
      if let refusal { return refusal.kind == .corrupted ? .behind(refusal) : .refused(refusal) }
      return .unknown(error)
    }
  }

  private func verdict(_ ledger: PostgresResult, _ number: Int64, mayBeIn: Bool) -> Attempt {
    if let fault = fault(ledger, known: mark(before: number)) { return .refused(fault) }
    switch ledger.integer(0, 1) {
    case number where mayBeIn: return .committed
    case number - 1: return .repeatable(PostgresFailure(.server, "it was not committed"))
    default:
      return .refused(
        PersistencyError(
          .corrupted, "somebody wrote this job past its fence, \(server.settings.place); close it, and see who did"))
    }
  }
}

extension PersistencyError {
  fileprivate var withUnknownOutcome: PersistencyError {
    PersistencyError(kind, message, backendCode: backendCode, outcome: .unknown)
  }
}
