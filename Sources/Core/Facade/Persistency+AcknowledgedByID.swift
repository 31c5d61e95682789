// The acknowledged writes of `Job`, by job id; each throws `.jobNotFound` when the job is not open.

extension Persistency {
  /// ``Job/apply(_:durability:)`` of an open job.
  public func apply(_ id: String, _ ops: [TxOp], durability: Durability? = nil) async throws(PersistencyError) {
    try await job(id).apply(ops, durability: durability)
  }

  /// ``Job/put(category:key:payload:durability:)`` of an open job.
  public func put(
    _ id: String, category: String, key: Key, payload: [UInt8], durability: Durability? = nil
  ) async throws(PersistencyError) {
    try await job(id).put(category: category, key: key, payload: payload, durability: durability)
  }

  /// ``Job/putEncoded(category:key:_:codec:durability:)`` of an open job.
  public func putEncoded(
    _ id: String, category: String, key: Key, _ value: some Encodable, codec: PayloadCodec = .parts,
    durability: Durability? = nil
  ) async throws(PersistencyError) {
    try await job(id).putEncoded(category: category, key: key, value, codec: codec, durability: durability)
  }

  /// ``Job/delete(category:key:durability:)`` of an open job.
  @discardableResult
  public func delete(
    _ id: String, category: String, key: Key, durability: Durability? = nil
  ) async throws(PersistencyError) -> Bool {
    try await job(id).delete(category: category, key: key, durability: durability)
  }

  /// ``Job/deleteAcked(category:key:)`` of an open job.
  @discardableResult
  public func deleteAcked(_ id: String, category: String, key: Key) async throws(PersistencyError) -> Bool {
    try await job(id).deleteAcked(category: category, key: key)
  }

  /// ``Job/update(category:key:durability:_:)`` of an open job.
  @discardableResult
  public func update(
    _ id: String, category: String, key: Key, durability: Durability? = nil,
    _ change: ([UInt8]?) throws -> [UInt8]?
  ) async throws -> [UInt8]? {
    try await job(id).update(category: category, key: key, durability: durability, change)
  }

  /// ``Job/putIfAbsent(category:key:payload:durability:)`` of an open job.
  @discardableResult
  public func putIfAbsent(
    _ id: String, category: String, key: Key, payload: [UInt8], durability: Durability? = nil
  ) async throws(PersistencyError) -> Bool {
    try await job(id).putIfAbsent(category: category, key: key, payload: payload, durability: durability)
  }

  /// ``Job/compareAndSet(category:key:expected:payload:durability:)`` of an open job.
  @discardableResult
  public func compareAndSet(
    _ id: String, category: String, key: Key, expected: [UInt8]?, payload: [UInt8]?, durability: Durability? = nil
  ) async throws(PersistencyError) -> Bool {
    try await job(id).compareAndSet(
      category: category, key: key, expected: expected, payload: payload, durability: durability)
  }

  /// ``Job/flush()`` of an open job.
  public func flush(_ id: String) async throws(PersistencyError) {
    try await job(id).flush()
  }
}
