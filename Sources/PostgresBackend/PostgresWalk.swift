import PersistencyCore

/// A walk over a range or the whole store, a page at a time, all of one state.
///
/// A page that is the last ends the transaction at once, so that short walks hold no connection while their rows are lent, and
/// nest as deep as one likes. A payload that is large comes by itself, when its turn comes: a page is 32 MiB at most, and small
/// as a rule.
struct PostgresWalk: ~Copyable {
  static let pageRows = 1_000

  private enum Source {
    case range(category: String, KeyRange, reverse: Bool)
    case everything
  }

  private let store: PostgresStore
  private let source: Source
  private let isNested: Bool
  /// Held while there are pages to come, or large payloads.
  private var connection: PostgresConnection?
  private var page: PostgresResult?
  private var row = 0
  private var hasMore = true
  private var pageRows = 100
  /// The payload of the row, where it did not come with its page.
  private var large: PostgresResult?

  init(_ store: PostgresStore, _ category: String, _ range: KeyRange, reverse: Bool, isNested: Bool) {
    self.store = store
    source = .range(category: category, range, reverse: reverse)
    self.isNested = isNested
  }

  init(everythingOf store: PostgresStore, isNested: Bool) {
    self.store = store
    source = .everything
    self.isNested = isNested
  }

  // MARK: The row it stands on; valid until the next

  var key: UnsafeRawBufferPointer { page?.bytes(row, 0) ?? UnsafeRawBufferPointer(start: nil, count: 0) }
  var payload: UnsafeRawBufferPointer {
    large?.bytes(0, 0) ?? page?.bytes(row, 1) ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }
  var category: UnsafeRawBufferPointer { page?.bytes(row, 2) ?? UnsafeRawBufferPointer(start: nil, count: 0) }

  // MARK: Walking

  /// Goes to the next row.
  ///
  /// - Returns: Whether there is one.
  mutating func next() throws(PersistencyError) -> Bool {
    large = nil
    if let page, row + 1 < page.rows {
      row += 1
    } else {
      guard hasMore, try turnPage() else { return false }
    }
    if let page, page.isNull(row, 1) { try fetchLarge() }
    return true
  }

  /// Ends the transaction, wherever the walk is.
  mutating func end() {
    guard let connection else { return }
    self.connection = nil
    if connection.isAlive { connection.end(.commit) }
    store.server.pool.give(connection)
  }

  private mutating func turnPage() throws(PersistencyError) -> Bool {
    let last = page.map { page in
      (category: [UInt8](category), key: [UInt8](page.bytes(row, 0)))
    }
    do throws(PersistencyError) {
      if connection == nil { try begin() } else { page = try fetch(after: last) }
    } catch {
      page = nil
      hasMore = false
      end()
      throw error
    }
    row = 0
    guard let page else { return false }
    hasMore = page.rows == pageRows
    pageRows = Self.pageRows
    let holdsLarge = (0..<page.rows).contains { page.isNull($0, 1) }
    if !hasMore && !holdsLarge { end() }
    return page.rows > 0
  }

  /// The first page, on a connection that is kept; begun again while the link is lost, since nothing was given yet.
  private mutating func begin() throws(PersistencyError) {
    let server = store.server
    let deadline = server.deadline
    var pause = PostgresPause()
    var behind = 0
    while true {
      var refusal: PersistencyError?
      do throws(PostgresFailure) {
        let connection = try server.pool.take(isNested: isNested, until: deadline)
        do throws(PostgresFailure) {
          try store.compare(connection, until: deadline, &refusal)
          let known = store.mark
          try connection.send(.beginRead, until: deadline)
          page = try readPage(on: connection, after: nil, known: known, until: deadline)
          self.connection = connection
          return
        } catch {
          if error.cause == .behind { connection.giveUp() }
          if error.cause == .behind || error.cause == .deadline { server.avoid(connection) }
          server.pool.give(connection)
          throw error
        }
      } catch {
        if error.cause == .behind {
          behind += 1
          if behind < server.hostCount { continue }
        }
        if let refusal { throw refusal }
        guard error.isLinkLost, pause.sleep(until: deadline) else { throw server.error(error, "reading") }
      }
    }
  }

  private func fetch(after last: (category: [UInt8], key: [UInt8])?) throws(PersistencyError) -> PostgresResult? {
    guard let connection else { return nil }
    do throws(PostgresFailure) {
      return try readPage(on: connection, after: last, known: nil, until: store.server.deadline)
    } catch {
      // The state that the visit began with is gone with its connection: it cannot go on.
      throw store.server.error(error, "reading on")
    }
  }

  private func readPage(
    on connection: PostgresConnection, after last: (category: [UInt8], key: [UInt8])?, known: PostgresMark?,
    until deadline: ContinuousClock.Instant
  ) throws(PostgresFailure) -> PostgresResult {
    let job = store.job
    let limit = Int64(pageRows)
    switch source {
    case .everything:
      try connection.send(last == nil ? .everything : .everythingAfter, until: deadline) { parameters in
        parameters.add(job)
        if let last {
          parameters.add(last.category)
          parameters.add(last.key)
        }
        parameters.add(limit)
      }
    case .range(let category, let range, let reverse):
      // Where the page before ended; the key after a key is that with a zero behind it.
      let start = last.flatMap { reverse ? nil : $0.key + [0] } ?? range.start.bytes
      let stop = last.flatMap { reverse ? $0.key : nil } ?? range.stop?.bytes
      try connection.send(.page(bounded: stop != nil, reverse: reverse), until: deadline) { parameters in
        parameters.add(job)
        parameters.add(category)
        parameters.add(start)
        if let stop { parameters.add(stop) }
        parameters.add(limit)
      }
    }
    return try store.rows(on: connection, known: known, until: deadline)
  }

  private mutating func fetchLarge() throws(PersistencyError) {
    guard let connection, let page else { return }
    let job = store.job
    let deadline = store.server.deadline
    do throws(PostgresFailure) {
      let place = page
      let row = self.row
      let result = try connection.run(.get, until: deadline) { parameters in
        parameters.add(job)
        switch source {
        case .everything: parameters.add([UInt8](place.bytes(row, 2)))
        case .range(let category, _, _): parameters.add(category)
        }
        parameters.add([UInt8](place.bytes(row, 0)))
      }
      guard result.rows == 1 else { throw PostgresFailure(.server, "a row is gone from the state it was seen in") }
      large = result
    } catch {
      throw store.server.error(error, "reading a large payload")
    }
  }
}
