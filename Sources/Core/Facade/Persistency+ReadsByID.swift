// The reads of `Job`, by job id; each throws `.jobNotFound` when the job is not open.

extension Persistency {
  /// ``Job/get(category:key:)`` of an open job.
  public func get(_ id: String, category: String, key: Key) async throws(PersistencyError) -> [UInt8]? {
    try await job(id).get(category: category, key: key)
  }

  /// ``Job/get(category:keys:)`` of an open job.
  public func get(_ id: String, category: String, keys: [Key]) async throws(PersistencyError) -> [[UInt8]?] {
    try await job(id).get(category: category, keys: keys)
  }

  /// ``Job/get(_:category:key:codec:)`` of an open job.
  public func get<T: Decodable>(
    _ id: String, _ type: T.Type, category: String, key: Key, codec: PayloadCodec = .parts
  ) async throws(PersistencyError) -> T? {
    try await job(id).get(type, category: category, key: key, codec: codec)
  }

  /// ``Job/exists(category:key:)`` of an open job.
  public func exists(_ id: String, category: String, key: Key) async throws(PersistencyError) -> Bool {
    try await job(id).exists(category: category, key: key)
  }

  /// ``Job/scan(category:range:reverse:limit:)`` of an open job.
  public func scan(
    _ id: String, category: String, range: KeyRange = .all, reverse: Bool = false, limit: Int? = nil
  ) async throws(PersistencyError) -> [KvRow] {
    try await job(id).scan(category: category, range: range, reverse: reverse, limit: limit)
  }

  /// ``Job/scanPrefix(category:prefix:reverse:limit:)`` of an open job.
  public func scanPrefix(
    _ id: String, category: String, prefix: Key, reverse: Bool = false, limit: Int? = nil
  ) async throws(PersistencyError) -> [KvRow] {
    try await job(id).scanPrefix(category: category, prefix: prefix, reverse: reverse, limit: limit)
  }

  /// ``Job/keys(category:range:reverse:limit:)`` of an open job.
  public func keys(
    _ id: String, category: String, range: KeyRange = .all, reverse: Bool = false, limit: Int? = nil
  ) async throws(PersistencyError) -> [Key] {
    try await job(id).keys(category: category, range: range, reverse: reverse, limit: limit)
  }

  /// ``Job/count(category:range:)`` of an open job.
  public func count(_ id: String, category: String, range: KeyRange = .all) async throws(PersistencyError) -> Int {
    try await job(id).count(category: category, range: range)
  }

  /// ``Job/categories()`` of an open job.
  public func categories(_ id: String) async throws(PersistencyError) -> [String] {
    try await job(id).categories()
  }

  /// ``Job/rows(category:range:reverse:)`` of an open job.
  public func rows(
    _ id: String, category: String, range: KeyRange = .all, reverse: Bool = false
  ) throws(PersistencyError) -> Rows {
    try job(id).rows(category: category, range: range, reverse: reverse)
  }

  /// ``Job/visit(category:range:reverse:_:)`` of an open job.
  public func visit(
    _ id: String, category: String, range: KeyRange = .all, reverse: Bool = false,
    _ visitor: (_ key: RawSpan, _ payload: RawSpan) throws -> Visit
  ) async throws {
    try await job(id).visit(category: category, range: range, reverse: reverse, visitor)
  }

  /// ``Job/visitAll(_:)`` of an open job.
  public func visitAll(
    _ id: String, _ visitor: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws -> Visit
  ) async throws {
    try await job(id).visitAll(visitor)
  }
}
