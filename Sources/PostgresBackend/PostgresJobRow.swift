import PersistencyCore

/// A job's row on the server: its number, its fence, its ledger, and what became of it.
struct PostgresJobRow: Sendable {
  let job: Int64
  /// Raised by each opening for writing; who has an older one is fenced.
  var epoch: Int64
  /// The number of the last commit.
  var sequence: Int64
  let state: RemoteStore.State
  /// A random name, the same for the store's whole life.
  let token: String
  /// Who has it open for writing, or had, for people.
  let holder: String
  let isHeld: Bool
  let name: [UInt8]
  let successor: String?
  /// The number of the process that has it open for writing, or had; zero when it was given back.
  let owner: Int64

  init?(_ result: PostgresResult, _ row: Int) {
    guard let state = RemoteStore.State(number: result.integer(row, 3)) else { return nil }
    (job, epoch, sequence) = (result.integer(row, 0), result.integer(row, 1), result.integer(row, 2))
    self.state = state
    (token, holder) = (result.text(row, 4), result.text(row, 5))
    isHeld = result.isTrue(row, 6)
    name = Array(result.bytes(row, 7))
    successor = result.isNull(row, 8) ? nil : result.text(row, 8)
    owner = result.integer(row, 9)
  }

  var mark: PostgresMark { PostgresMark(epoch: epoch, sequence: sequence) }
}

/// Where a job was when this process last looked; a server where it is further back is not the primary any more, or a backup.
struct PostgresMark: Hashable, Sendable {
  var epoch: Int64
  var sequence: Int64

  func isBehind(_ other: PostgresMark) -> Bool { epoch < other.epoch || sequence < other.sequence }

  /// The furthest of both.
  mutating func note(_ other: PostgresMark) {
    epoch = max(epoch, other.epoch)
    sequence = max(sequence, other.sequence)
  }
}

extension RemoteStore.State {
  /// As the row has it.
  var number: Int64 {
    switch self {
    case .ready: 0
    case .filling: 1
    case .dropping: 2
    case .superseded: 3
    }
  }

  init?(number: Int64) {
    guard let state = Self.allCases.first(where: { $0.number == number }) else { return nil }
    self = state
  }
}

extension PostgresServer {
  // MARK: Finding

  func find(_ name: PostgresName) throws(PersistencyError) -> PostgresJobRow? {
    try prepare()
    do throws(PostgresFailure) {
      return try again { connection, deadline throws(PostgresFailure) in
        let known = marks.withLock { $0 }
        let result = try connection.run(options.dialect == .postgres ? .findJobAlive : .findJob, until: deadline) {
          $0.add(name.bytes)
        }
        let row = result.rows == 0 ? nil : PostgresJobRow(result, 0)
        if let row { try compare(row, with: known) }
        return row
      }
    } catch {
      throw self.error(error, "looking for a job")
    }
  }

  func list(from: [UInt8], to: [UInt8]) throws(PersistencyError) -> [PostgresJobRow] {
    try prepare()
    do throws(PostgresFailure) {
      return try again { connection, deadline throws(PostgresFailure) in
        let known = marks.withLock { $0 }
        let result = try connection.run(options.dialect == .postgres ? .listJobsAlive : .listJobs, until: deadline) {
          $0.add(from)
          $0.add(to)
        }
        let rows = (0..<result.rows).compactMap { PostgresJobRow(result, $0) }
        for row in rows { try compare(row, with: known) }
        return rows
      }
    } catch {
      throw self.error(error, "listing jobs")
    }
  }

  /// With what this process knew of the job when it last had it open, as it was before the row was asked for: it may be opened and closed meanwhile.
  private func compare(
    _ row: PostgresJobRow, with marks: [Int64: PostgresMark]
  ) throws(PostgresFailure) {
    guard let known = marks[row.job], row.mark.isBehind(known) else { return }
    throw behind(row.mark, known)
  }

  func behind(_ found: PostgresMark, _ known: PostgresMark) -> PostgresFailure {
    PostgresFailure(
      .behind,
      "the server has gone back: it is at commit \(found.sequence) of a job that was at \(known.sequence), at its opening \(found.epoch) of \(known.epoch) for writing; a primary from before a failover, or a backup, answers there: take it away, or make the engine anew to accept what it has"
    )
  }

  // MARK: Making

  /// Makes the row where there is none yet.
  func create(_ name: PostgresName, _ state: RemoteStore.State, token: String) throws(PersistencyError) {
    do throws(PostgresFailure) {
      // Random, so that jobs made at the same time spread over nodes where a server has several.
      _ = try again { connection, deadline throws(PostgresFailure) in
        try connection.run(.createJob, until: deadline) {
          $0.add(Int64.random(in: 1...Int64.max))
          $0.add(name.bytes)
          $0.add(state.number)
          $0.add(token)
        }
      }
    } catch {
      throw self.error(error, "making a job")
    }
  }

  // MARK: Claiming

  /// Takes the right to write the job.
  ///
  /// - Parameter isFree: This process does not have it open, whatever the row says: it could not give it back when its link was lost.
  /// - Returns: The row with its new epoch; nil when it changed meanwhile, and is to be looked at again.
  /// - Throws: `.locked` while its writer lives, unless it is to be fenced.
  func claim(_ row: PostgresJobRow, isFree: Bool) throws(PersistencyError) -> PostgresJobRow? {
    if row.isHeld && !options.fencesWriter && !(isFree && isOurs(row)) {
      let remedy =
        options.dialect == .postgres
        ? "close the job there first"
        : "close it there, or open it with PostgresOptions.fencesWriter if that one is gone"
      throw PersistencyError(.locked, "the job is open for writing by \(row.holder), \(settings.place); \(remedy)")
    }
    let owner = try self.owner()
    do throws(PostgresFailure) {
      let deadline = self.deadline
      // Not repeated when the answer is lost: whether it was done shows when the row is looked at again.
      let result = try once(until: deadline) { connection throws(PostgresFailure) in
        try connection.run(.claim, until: deadline) {
          $0.add(row.job)
          $0.add(row.epoch)
          $0.add(owner)
          $0.add(PostgresServer.holder)
        }
      }
      guard result.rows == 1 else { return nil }
      var row = row
      (row.epoch, row.sequence) = (result.integer(0, 0), result.integer(0, 1))
      return row
    } catch {
      throw self.error(error, "opening a job")
    }
  }

  /// Gives the right to write back.
  func release(_ job: Int64, epoch: Int64) {
    let deadline = ContinuousClock.now + min(options.deadline, .seconds(5))
    // Where that fails the session ends soon, and with it the claim.
    _ = try? once(until: deadline) { connection throws(PostgresFailure) in
      try connection.run(.release, until: deadline) {
        $0.add(job)
        $0.add(epoch)
        $0.add("")
      }
    }
  }

  /// Changes what became of a job that is claimed.
  func mark(
    _ row: PostgresJobRow, _ state: RemoteStore.State, successor: String?
  ) throws(PersistencyError) {
    do throws(PostgresFailure) {
      let result = try again { connection, deadline throws(PostgresFailure) in
        try connection.run(.markJob, until: deadline) {
          $0.add(row.job)
          $0.add(row.epoch)
          $0.add(state.number)
          $0.add(successor ?? "")
        }
      }
      guard result.affected == 1 else {
        throw PostgresFailure(.server, "somebody else took the job meanwhile")
      }
    } catch {
      throw self.error(error, "changing the state of a job")
    }
  }

  /// Removes the rows of a claimed job a part at a time, and then the job.
  func remove(_ row: PostgresJobRow) throws(PersistencyError) {
    do throws(PostgresFailure) {
      while let last = try tenThousandth(row.job) {
        _ = try again { connection, deadline throws(PostgresFailure) in
          try connection.run(.deleteThrough, until: deadline) {
            $0.add(row.job)
            $0.add(last.category)
            $0.add(last.key)
          }
        }
      }
      _ = try again { connection, deadline throws(PostgresFailure) in
        try connection.run(.deleteAll, until: deadline) { $0.add(row.job) }
      }
      _ = try again { connection, deadline throws(PostgresFailure) in
        try connection.run(.deleteJob, until: deadline) {
          $0.add(row.job)
          $0.add(row.epoch)
        }
      }
      // Its number is never used again.
      marks.withLock { _ = $0.removeValue(forKey: row.job) }
    } catch {
      throw self.error(error, "dropping a job")
    }
  }

  /// The last row of the next part to remove; nil when less is left.
  private func tenThousandth(_ job: Int64) throws(PostgresFailure) -> (category: [UInt8], key: [UInt8])? {
    try again { connection, deadline throws(PostgresFailure) in
      let result = try connection.run(.tenThousandth, until: deadline) { $0.add(job) }
      return result.rows == 0 ? nil : ([UInt8](result.bytes(0, 0)), [UInt8](result.bytes(0, 1)))
    }
  }
}
