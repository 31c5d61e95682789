// Writes that return when they are queued. Their commit failures come out of the next `flush()`, of `failures` and
// the log. They suspend while the queue is at its bound, and never drop.

extension Job {
  /// Queues a batch: all of it is applied, or nothing.
  ///
  /// - Throws: `.invalidArgument` over a limit; `.closed`; `.cancelled` when the task is cancelled while the queue is full: then nothing was queued.
  @discardableResult
  public func persist(_ ops: [TxOp]) async throws(PersistencyError) -> Bool {
    let size = try size(of: ops)
    if try queue.offer(ops, size: size) { return true }
    return try await queue.submit(QueuedWrite(.batch(ops), bytes: size, sync: false, awaiting: .admission))
  }

  /// Queues one put.
  @discardableResult
  public func persistPut(category: String, key: Key, payload: [UInt8]) async throws(PersistencyError) -> Bool {
    try await persist([.put(category: category, key: key, payload: payload)])
  }

  /// Queues one delete.
  @discardableResult
  public func persistDelete(category: String, key: Key) async throws(PersistencyError) -> Bool {
    try await persist([.delete(category: category, key: key)])
  }

  /// Queues the delete of all keys that begin with `prefix`; an empty prefix deletes the category.
  @discardableResult
  public func persistDeletePrefix(category: String, prefix: Key) async throws(PersistencyError) -> Bool {
    try await persist([.deletePrefix(category: category, prefix: prefix)])
  }

  /// Queues the delete of a range.
  @discardableResult
  public func persistDeleteRange(category: String, range: KeyRange) async throws(PersistencyError) -> Bool {
    try await persist([.deleteRange(category: category, range: range)])
  }

  /// Queues the put of a value in `codec`.
  ///
  /// - Throws: `.invalidArgument` when the value has no form in this codec.
  @discardableResult
  public func persistEncoded(
    category: String, key: Key, _ value: some Encodable, codec: PayloadCodec = .parts
  ) async throws(PersistencyError) -> Bool {
    try await persistPut(category: category, key: key, payload: try codec.encode(value))
  }

  /// Queues a batch at once, from code that cannot suspend.
  ///
  /// - Returns: False when the queue is at its bound: nothing was queued.
  public func enqueue(_ ops: [TxOp]) throws(PersistencyError) -> Bool {
    try queue.offer(ops, size: try size(of: ops))
  }

  /// What a batch counts in the queue, after the check of its limits.
  func size(of ops: [TxOp]) throws(PersistencyError) -> Int {
    let bytes = try limits.check(ops)
    try checkWritable()
    return WriteQueue.size(bytes: bytes, ops: ops.count)
  }

  func checkWritable() throws(PersistencyError) {
    if options.access == .readOnly {
      throw PersistencyError(.unsupported, "job \(id) is open read-only; open it with access .readWrite to write")
    }
  }
}
