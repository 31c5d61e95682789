import PersistencyCore

/// The ledger as the writing side keeps it; under the store's write lock.
struct PostgresWriter {
  /// The number of the last commit that is known to be in.
  var sequence: Int64
  /// Why nothing is written any more until the store is opened again.
  var latch: PersistencyError?
}

extension PostgresStore {
  /// - Throws: `.unsupported` when the store was opened to read.
  func checkWritable() throws(PersistencyError) {
    if options.access == .readOnly {
      throw PersistencyError(.unsupported, "the store was opened with access .readOnly")
    }
  }

  // MARK: What is committed

  /// Commits the batches that have not failed yet, in as few transactions as limits allow.
  func commit(_ batches: [[TxOp]], sync: Bool, _ outcomes: inout [Result<Void, PersistencyError>]) {
    writer.withLock { writer in
      var first = batches.startIndex
      while first < batches.endIndex {
        var (end, ops, bytes) = (first, 0, 0)
        while end < batches.endIndex {
          if outcomes[end].isSuccess {
            let (moreOps, moreBytes) = (batches[end].count, batches[end].bytes)
            if ops > 0, ops + moreOps > limitOps || bytes + moreBytes > limitBytes { break }
            (ops, bytes) = (ops + moreOps, bytes + moreBytes)
          }
          end += 1
        }
        commit(batches, first..<end, sync: sync, &writer, &outcomes)
        first = end
      }
    }
  }

  private var limitOps: Int { PostgresLayout.limits.batchOps }
  private var limitBytes: Int { PostgresLayout.limits.batchBytes }

  /// Puts the rows, as one transaction.
  func commit(_ rows: [RawRow]) throws(PersistencyError) {
    if rows.isEmpty { return }
    var plan = PostgresPlan()
    for row in rows { plan.add(row) }
    plan.finish()
    let outcome = writer.withLock { writer in
      Result { () throws(PersistencyError) in try run(plan, sync: false, &writer) }
    }
    _ = try outcome.get()
  }

  /// Deletes a row.
  ///
  /// - Returns: Whether it was there.
  func commitDelete(_ category: String, _ key: Key) throws(PersistencyError) -> Bool {
    var plan = PostgresPlan()
    plan.add([.delete(category: category, key: key)])
    plan.finish()
    let outcome = writer.withLock { writer in
      Result { () throws(PersistencyError) in
        // Asked first: after a commit whose answer is lost the count of its delete would be lost too.
        let isThere = try exists(category, key, isNested: true)
        if isThere { try run(plan, sync: false, &writer) } else { try checkLatch(writer) }
        return isThere
      }
    }
    return try outcome.get()
  }

  private func checkLatch(_ writer: PostgresWriter) throws(PersistencyError) {
    if let latch = writer.latch { throw latch }
  }

  /// One transaction.
  private func commit(
    _ batches: [[TxOp]], _ indices: Range<Int>, sync: Bool, _ writer: inout PostgresWriter,
    _ outcomes: inout [Result<Void, PersistencyError>]
  ) {
    do throws(PersistencyError) {
      try checkLatch(writer)
      try settleExpectations(batches, indices, &outcomes)
      var plan = PostgresPlan()
      for index in indices where outcomes[index].isSuccess { plan.add(batches[index]) }
      plan.finish()
      // Nothing to write, and nothing to make durable.
      if plan.isEmpty && !sync { return }
      try run(plan, sync: sync, &writer)
    } catch {
      for index in indices where outcomes[index].isSuccess {
        outcomes[index] = .failure(error)
      }
    }
  }

  /// Fails the batches whose expectations do not hold, asking the table about all of them at once.
  private func settleExpectations(
    _ batches: [[TxOp]], _ indices: Range<Int>, _ outcomes: inout [Result<Void, PersistencyError>]
  ) throws(PersistencyError) {
    var expected: [(category: [UInt8], key: [UInt8], payload: [UInt8]?)] = []
    for index in indices where outcomes[index].isSuccess {
      for case .expect(let category, let key, let payload) in batches[index] {
        expected.append((Array(category.utf8), key.bytes, payload))
      }
    }
    if expected.isEmpty { return }
    let asked = expected
    let found = try read(isNested: true, "looking what is there") { connection, deadline throws(PostgresFailure) in
      let result = try connection.run(.matches, until: deadline) { parameters in
        parameters.add(job)
        parameters.add(asked) { $0.category }
        parameters.add(asked) { $0.key }
        parameters.add(asked) { $0.payload ?? [] }
        parameters.add(asked) { $0.payload == nil ? [1] : [] }
      }
      guard result.rows == asked.count else { throw PostgresFailure(.server, "an answer of too few rows") }
      return (0..<result.rows).map { result.isTrue($0, 0) }
    }
    var overlay = PostgresOverlay()
    var next = 0
    for index in indices where outcomes[index].isSuccess {
      do throws(PersistencyError) {
        try overlay.apply(batches[index]) {
          defer { next += 1 }
          return found[next]
        }
      } catch {
        outcomes[index] = .failure(error)
      }
    }
  }
}

extension [TxOp] {
  /// As limits count them.
  fileprivate var bytes: Int {
    var bytes = 0
    for op in self {
      switch op {
      case .put(let category, let key, let payload): bytes += category.utf8.count + key.byteCount + payload.count
      case .delete(let category, let key): bytes += category.utf8.count + key.byteCount
      case .deleteRange(let category, let range):
        bytes += category.utf8.count + range.start.byteCount + (range.stop?.byteCount ?? 0)
      case .expect(let category, let key, let payload):
        bytes += category.utf8.count + key.byteCount + (payload?.count ?? 0)
      }
    }
    return bytes
  }
}
