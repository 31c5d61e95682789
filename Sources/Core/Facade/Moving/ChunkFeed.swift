/// Chunks that one thread makes and another takes, a few of them ahead.
///
/// Reading and writing overlap, and memory stays bounded whatever the size of the store.
final class ChunkFeed: @unchecked Sendable {
  // Sendable: the mutable properties are read and written under `monitor` only, but `name`, which is the producer's.

  /// So many may wait to be taken.
  private static let ahead = 4

  private let monitor = Monitor()
  /// Whether the producer makes the rows that an import takes: the thread that writes has enough to do.
  private let makesRows: Bool
  /// The category of the row before.
  private var name: [UInt8] = []
  private var waiting = FIFO<RowChunk>()
  private var isStopped = false
  /// Nil while the producer is at work.
  private var end: Result<Void, PersistencyError>?

  /// Starts `produce` on a thread of its own; it hands on what it makes to ``put(_:)``.
  ///
  /// - Parameter makesRows: Chunks come with ``RowChunk/made``.
  init(makesRows: Bool = false, _ produce: @escaping @Sendable (ChunkFeed) throws(PersistencyError) -> Void) {
    self.makesRows = makesRows
    let isStarted = BackgroundThread.detach(named: "kv-move") {
      let result = Result { () throws(PersistencyError) in try produce(self) }
      self.monitor.withLock {
        self.end = result
        self.monitor.broadcast()
      }
    }
    if !isStarted { end = .failure(ownThreadMissing) }
  }

  /// Hands a chunk on, and waits while enough of them wait.
  ///
  /// - Throws: `.cancelled` when nobody will take it; `.corrupted` for bytes that are no rows.
  func put(_ chunk: RowChunk) throws(PersistencyError) {
    if makesRows { try chunk.makeRows(&name) }
    let isTaken = monitor.withLock {
      while waiting.count >= Self.ahead && !isStopped { monitor.wait() }
      if !isStopped {
        waiting.append(chunk)
        monitor.broadcast()
      }
      return !isStopped
    }
    if !isTaken { throw Self.stopped }
  }

  /// - Throws: `.cancelled` when nobody will take what is made.
  func checkTaken() throws(PersistencyError) {
    if monitor.withLock({ isStopped }) { throw Self.stopped }
  }

  /// The next chunk; nil after the last.
  ///
  /// - Throws: What the producer threw, after all that it had made.
  func next() throws(PersistencyError) -> RowChunk? {
    let next: Result<RowChunk?, PersistencyError> = monitor.withLock {
      while true {
        if let chunk = waiting.popFirst() {
          monitor.broadcast()
          return .success(chunk)
        }
        if let end { return end.map { nil } }
        monitor.wait()
      }
    }
    return try next.get()
  }

  /// Takes all chunks, and ends the producer, whatever happens.
  func each(
    _ phase: MoveProgress.Phase, _ control: MoveControl, _ body: (RowChunk) throws(PersistencyError) -> Void
  ) throws(PersistencyError) {
    try drain(phase, control) { next throws(PersistencyError) in
      while let chunk = try next() { try body(chunk) }
    }
  }

  /// Lets `body` take the chunks, and ends the producer, whatever happens.
  ///
  /// - Parameter body: Gets what gives the next chunk, nil after the last; who asks for one is done with those before.
  func drain(
    _ phase: MoveProgress.Phase, _ control: MoveControl,
    _ body: (_ next: () throws(PersistencyError) -> RowChunk?) throws(PersistencyError) -> Void
  ) throws(PersistencyError) {
    defer { stop() }
    var (rows, bytes) = (0, 0)
    try body { () throws(PersistencyError) in
      if rows > 0 { control.report(phase, rows: rows, bytes: bytes) }
      guard let chunk = try next() else { return nil }
      try control.check()
      (rows, bytes) = (rows + chunk.rows, bytes + chunk.contentBytes)
      return chunk
    }
    control.report(phase, rows: rows, bytes: bytes, isLast: true)
  }

  /// Ends the producer, and waits until it has.
  func stop() {
    monitor.withLock {
      isStopped = true
      monitor.broadcast()
      while end == nil { monitor.wait() }
    }
  }

  private static var stopped: PersistencyError { PersistencyError(.cancelled, "nobody takes these rows any more") }
}

extension ChunkFeed {
  /// All rows of a store, from one state.
  convenience init(rowsOf backend: any KvBackend, makesRows: Bool = false) {
    self.init(makesRows: makesRows) { feed throws(PersistencyError) in
      var chunk = RowChunk()
      try backend.visitAll { category, key, payload throws(PersistencyError) in
        if chunk.append(category, key, payload) { return .next }
        try feed.put(chunk)
        chunk = RowChunk()
        _ = chunk.append(category, key, payload)
        return .next
      }
      if !chunk.isEmpty { try feed.put(chunk) }
    }
  }
}

/// Runs `body`, which may block for as long as it likes, on a thread of its own.
func onOwnThread<R: Sendable>(
  _ body: @escaping @Sendable () throws(PersistencyError) -> R
) async -> Result<R, PersistencyError> {
  let handover = Handover<R>()
  await withUnsafeContinuation { continuation in
    let isStarted = BackgroundThread.detach(named: "kv-move") {
      handover.put(Result(catching: body))
      continuation.resume()
    }
    if !isStarted {
      handover.put(.failure(ownThreadMissing))
      continuation.resume()
    }
  }
  return handover.take()
}

private var ownThreadMissing: PersistencyError {
  PersistencyError(.backend, "no thread can be started; raise the limit of this process, or end some")
}
