// The queued writes of `Job`, by job id. A write to a job that is not open is dropped, but not silently: it is logged,
// counted in `droppedWrites`, and answered with false.

extension Persistency {
  /// ``Job/persist(_:)`` of an open job; false when it is not open, and the batch is dropped.
  @discardableResult
  public func persist(_ id: String, _ ops: [TxOp]) async throws(PersistencyError) -> Bool {
    guard let job = try jobOrDrop(id) else { return false }
    return try await job.persist(ops)
  }

  /// ``Job/persistPut(category:key:payload:)`` of an open job; false when it is not open, and the put is dropped.
  @discardableResult
  public func persistPut(
    _ id: String, category: String, key: Key, payload: [UInt8]
  ) async throws(PersistencyError) -> Bool {
    guard let job = try jobOrDrop(id) else { return false }
    return try await job.persistPut(category: category, key: key, payload: payload)
  }

  /// ``Job/persistDelete(category:key:)`` of an open job; false when it is not open, and the delete is dropped.
  @discardableResult
  public func persistDelete(_ id: String, category: String, key: Key) async throws(PersistencyError) -> Bool {
    guard let job = try jobOrDrop(id) else { return false }
    return try await job.persistDelete(category: category, key: key)
  }

  /// ``Job/persistDeletePrefix(category:prefix:)`` of an open job; false when it is not open, and the delete is dropped.
  @discardableResult
  public func persistDeletePrefix(
    _ id: String, category: String, prefix: Key
  ) async throws(PersistencyError) -> Bool {
    guard let job = try jobOrDrop(id) else { return false }
    return try await job.persistDeletePrefix(category: category, prefix: prefix)
  }

  /// ``Job/persistDeleteRange(category:range:)`` of an open job; false when it is not open, and the delete is dropped.
  @discardableResult
  public func persistDeleteRange(
    _ id: String, category: String, range: KeyRange
  ) async throws(PersistencyError) -> Bool {
    guard let job = try jobOrDrop(id) else { return false }
    return try await job.persistDeleteRange(category: category, range: range)
  }

  /// ``Job/persistEncoded(category:key:_:codec:)`` of an open job; false when it is not open, and the put is dropped.
  @discardableResult
  public func persistEncoded(
    _ id: String, category: String, key: Key, _ value: some Encodable, codec: PayloadCodec = .parts
  ) async throws(PersistencyError) -> Bool {
    guard let job = try jobOrDrop(id) else { return false }
    return try await job.persistEncoded(category: category, key: key, value, codec: codec)
  }

  /// ``Job/enqueue(_:)`` of an open job; false when the queue is at its bound, or when it is not open, and the batch is dropped.
  public func enqueue(_ id: String, _ ops: [TxOp]) throws(PersistencyError) -> Bool {
    guard let job = try jobOrDrop(id) else { return false }
    return try job.enqueue(ops)
  }

  /// The open job, or nil after the log and the counter have heard of the write that is dropped.
  private func jobOrDrop(_ id: String) throws(PersistencyError) -> Job? {
    do throws(PersistencyError) {
      return try job(id)
    } catch {
      guard error.kind == .jobNotFound else { throw error }
      countDroppedWrite()
      Events.droppedWrite(id)
      return nil
    }
  }
}
