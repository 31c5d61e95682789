// Writes that return when they are committed, at the job's durability or the one named, and throw what became of them.
// Those of many tasks share commits. When the waiting task is cancelled they throw `.cancelled`: `.notApplied` when the batch was withdrawn
// before its commit began, else `.unknown`.

extension Job {
  /// Commits a batch: all of it, or nothing.
  ///
  /// - Parameters:
  ///   - ops: Applied in order; each sees the effect of those before it.
  ///   - durability: `.full` commits this batch, and all before it, so; nil is the job's own.
  /// - Throws: `.conflict` when an `expect` fails; `.storageFull`; with outcome `.unknown` when a sync or commit
  ///   failed half-way. `.invalidArgument` for a durability above what a `.volatile` job can give.
  public func apply(_ ops: [TxOp], durability: Durability? = nil) async throws(PersistencyError) {
    let sync = try raises(to: durability)
    let size = try size(of: ops)
    _ = try await queue.submit(QueuedWrite(.batch(ops), bytes: size, sync: sync, awaiting: .commit))
  }

  /// Commits one put.
  ///
  /// - Throws: As ``apply(_:durability:)``.
  public func put(
    category: String, key: Key, payload: [UInt8], durability: Durability? = nil
  ) async throws(PersistencyError) {
    try await apply([.put(category: category, key: key, payload: payload)], durability: durability)
  }

  /// Commits a value in `codec`.
  ///
  /// - Throws: `.invalidArgument` when the value has no form in this codec.
  public func putEncoded(
    category: String, key: Key, _ value: some Encodable, codec: PayloadCodec = .parts, durability: Durability? = nil
  ) async throws(PersistencyError) {
    try await put(category: category, key: key, payload: try codec.encode(value), durability: durability)
  }

  /// Removes a row.
  ///
  /// - Returns: Whether it was there.
  @discardableResult
  public func delete(
    category: String, key: Key, durability: Durability? = nil
  ) async throws(PersistencyError) -> Bool {
    let sync = try raises(to: durability)
    try limits.check(category: category, key: key)
    try checkWritable()
    let size = WriteQueue.size(bytes: category.utf8.count + key.byteCount, ops: 1)
    return try await queue.submit(
      QueuedWrite(.deleteOne(category: category, key: key), bytes: size, sync: sync, awaiting: .commit))
  }

  /// ``delete(category:key:durability:)`` by its original name.
  @discardableResult
  public func deleteAcked(category: String, key: Key) async throws(PersistencyError) -> Bool {
    try await delete(category: category, key: key)
  }

  /// Whether the group must be raised to `.full`; a level at or below the job's own is met anyway.
  private func raises(to level: Durability?) throws(PersistencyError) -> Bool {
    guard let level, level != options.durability else { return false }
    switch (options.durability, level) {
    case (.full, _), (.consistent, .volatile): return false
    case (.consistent, .full): return true
    default:
      throw PersistencyError(
        .invalidArgument,
        "durability .\(level.rawValue) on job \(id), which is .\(options.durability.rawValue); open it at a higher level"
      )
    }
  }
}
