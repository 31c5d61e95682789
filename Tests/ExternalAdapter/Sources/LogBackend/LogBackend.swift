public import PersistencyCore
import Synchronization

/// A ``KvBackend`` in one append-only file: one checksummed record a batch, and all rows sorted in memory.
///
/// Made of Persistency's public API alone, to show how. The log is never compacted.
public final class LogBackend: KvBackend {
  /// What a writer works on.
  private struct Writing {
    var rows: LogRows
    var length: Int
    /// Why nothing can be written until the store is opened again.
    var latch: PersistencyError?
  }

  private let options: StoreOptions
  private let file: LogFile
  /// Held while a group is applied and written.
  private let writing: Mutex<Writing>
  /// The rows of the last commit: what reads copy, and so see for as long as they like.
  private let committed: Mutex<LogRows>
  private let gate: CallGate

  // MARK: Lifecycle

  /// Opens the log at `path`, or makes it.
  ///
  /// - Throws: `.locked` when it is open already; `.corrupted` for what is missing, foreign or damaged; `.unsupported`
  ///   for a newer format.
  public init(path: String, store: StoreOptions = .init()) throws(PersistencyError) {
    if store.durability == .volatile {
      throw PersistencyError(.unsupported, "the log knows .full and .consistent; .volatile would save it nothing")
    }
    let (file, rows, length) = try LogFile.open(path, store)
    let claim: StoreRegistry.Claim
    do throws(PersistencyError) {
      claim = try StoreRegistry.claim(path)
    } catch {
      file.close()
      throw error
    }
    options = store
    self.file = file
    writing = Mutex(Writing(rows: rows, length: length))
    committed = Mutex(rows)
    gate = CallGate {
      file.close()
      StoreRegistry.release(claim)
    }
  }

  /// Waits for the calls in flight, and writes that all is in good order.
  public func close() {
    writing.withLock { writing in
      guard !gate.isClosed, options.access == .readWrite, writing.latch == nil else { return }
      // Best effort: without this record the next opening takes the log for one that a crash ended.
      do throws(PersistencyError) {
        try file.write(LogRecord.closed, at: writing.length)
        writing.length += LogRecord.closed.count
        try file.sync()
      } catch {
        writing.latch = error
      }
    }
    gate.close()
  }

  deinit { close() }

  // MARK: Writes

  /// A group of one.
  public func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    for result in applyGroup([ops], sync: false) { try result.get() }
  }

  /// The batches' records in one write, with one sync where the durability asks for it.
  public func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    do throws(PersistencyError) {
      return try commit(sync: sync) { rows, changes in
        batches.map { batch in
          Result { () throws(PersistencyError) in
            try limits.check(batch)
            changes.append(try rows.apply(batch))
          }
        }
      }
    } catch {
      // Those that would have failed anyway keep their own error.
      return batches.map { batch in
        Result { () throws(PersistencyError) in
          try limits.check(batch)
          throw error
        }
      }
    }
  }

  /// Looks and removes under the writer's lock.
  public func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try limits.check(category: category, key: key)
    return try commit(sync: false) { rows, changes in
      let name = Array(category.utf8)
      guard rows.payload(name, key) != nil else { return false }
      rows.set(name, key, nil)
      changes.append([LogChange(category: name, key: key, payload: nil)])
      return true
    }
  }

  /// Lets `body` change a copy of the rows, writes the changes it made, batch by batch, and then shows them.
  private func commit<Answer>(
    sync: Bool, _ body: (_ rows: inout LogRows, _ changes: inout [[LogChange]]) -> Answer
  ) throws(PersistencyError) -> Answer {
    try gate.enter()
    defer { gate.leave() }
    if options.access == .readOnly {
      throw PersistencyError(.unsupported, "the log is open for reading only; open it for writing")
    }
    return try writing.withLock { writing throws(PersistencyError) in
      if let latch = writing.latch {
        throw PersistencyError(.backend, "an earlier write failed; open the log again: \(latch.message)")
      }
      var rows = writing.rows
      var changes: [[LogChange]] = []
      let answer = body(&rows, &changes)
      let record = changes.flatMap { $0.isEmpty ? [] : LogRecord.bytes(of: $0) }
      if record.isEmpty && !sync { return answer }
      try append(record, sync: sync || options.durability == .full, &writing)
      writing.rows = rows
      committed.withLock { $0 = rows }
      return answer
    }
  }

  private func append(_ record: [UInt8], sync: Bool, _ writing: inout Writing) throws(PersistencyError) {
    do throws(PersistencyError) {
      try file.write(record, at: writing.length)
      if sync { try file.sync() }
      writing.length += record.count
    } catch {
      // Full: nothing of it counts once the half-written record is gone. Else nobody knows what is on the disk.
      if error.kind == .storageFull, (try? file.cut(to: writing.length)) != nil { throw error }
      writing.latch = error
      throw PersistencyError(error.kind, error.message, backendCode: error.backendCode, outcome: .unknown)
    }
  }

  // MARK: Reads

  /// A binary search in the rows of the last commit.
  public func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try limits.check(category: category, key: key)
    try gate.enter()
    defer { gate.leave() }
    return snapshot.payload(Array(category.utf8), key)
  }

  /// A walk over a copy of the rows, which shares all memory with the original.
  public func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try limits.check(category: category, range: range)
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    let rows = snapshot
    var (first, end) = rows.places(Array(category.utf8), range)
    while first < end {
      try gate.checkOpen()
      let place = reverse ? rows.before(end) : first
      let row = rows[place]
      if try visit(row.key.bytes.span.bytes, row.payload.span.bytes) == .stop { return }
      if reverse { end = place } else { first = rows.after(place) }
    }
  }

  /// The same over all of them: they are in this order anyway.
  public func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError) {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    let rows = snapshot
    var place = rows.start
    while place < rows.end {
      try gate.checkOpen()
      let row = rows[place]
      if try visit(row.category.span.bytes, row.key.bytes.span.bytes, row.payload.span.bytes) == .stop { return }
      place = rows.after(place)
    }
  }

  /// One search a category: past all of its rows at once.
  public func categories() throws(PersistencyError) -> [String] {
    try gate.enter()
    defer { gate.leave() }
    let rows = snapshot
    var names: [String] = []
    var place = rows.start
    while place < rows.end {
      let category = rows[place].category
      guard let name = String(validating: category, as: UTF8.self) else {
        let digits = category.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        throw PersistencyError(.corrupted, "the category hex:\(digits) is not UTF-8")
      }
      names.append(name)
      place = rows.place(past: category)
    }
    return names
  }

  private var snapshot: LogRows { committed.withLock { $0 } }
}
