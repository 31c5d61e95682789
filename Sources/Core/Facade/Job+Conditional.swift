// Writes that depend on what is there.

extension Job {
  /// Replaces a payload by what `change` makes of it, and tries again when another write came between.
  ///
  /// - Parameters:
  ///   - category: The row's.
  ///   - key: The row's.
  ///   - durability: `.full` commits this, and all before it, so; nil is the job's own.
  ///   - change: From the payload now (nil when missing) to the one to store (nil removes the row). It may run several times.
  /// - Returns: What was stored.
  @discardableResult
  public func update(
    category: String, key: Key, durability: Durability? = nil, _ change: ([UInt8]?) throws -> [UInt8]?
  ) async throws -> [UInt8]? {
    while true {
      let old = try await get(category: category, key: key)
      let new = try change(old)
      if new == old { return old }
      let write: TxOp =
        new.map { .put(category: category, key: key, payload: $0) } ?? .delete(category: category, key: key)
      if try await applyUnlessConflict(
        [.expect(category: category, key: key, payload: old), write], durability: durability)
      {
        return new
      }
    }
  }

  /// Stores a payload if the key has none.
  ///
  /// - Returns: Whether it was stored.
  @discardableResult
  public func putIfAbsent(
    category: String, key: Key, payload: [UInt8], durability: Durability? = nil
  ) async throws(PersistencyError) -> Bool {
    try await compareAndSet(
      category: category, key: key, expected: nil, payload: payload, durability: durability)
  }

  /// Replaces a payload if it is the expected one; nil is a missing row, on either side.
  ///
  /// - Returns: Whether it was replaced.
  @discardableResult
  public func compareAndSet(
    category: String, key: Key, expected: [UInt8]?, payload: [UInt8]?, durability: Durability? = nil
  ) async throws(PersistencyError) -> Bool {
    let write: TxOp =
      payload.map { .put(category: category, key: key, payload: $0) } ?? .delete(category: category, key: key)
    return try await applyUnlessConflict(
      [.expect(category: category, key: key, payload: expected), write], durability: durability)
  }

  private func applyUnlessConflict(
    _ ops: [TxOp], durability: Durability?
  ) async throws(PersistencyError) -> Bool {
    do throws(PersistencyError) {
      try await apply(ops, durability: durability)
      return true
    } catch {
      guard error.kind == .conflict else { throw error }
      return false
    }
  }
}
