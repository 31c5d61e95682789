import Synchronization

// Reads see every write whose queueing call returned before them. Point reads run on the caller's thread: a hop to
// another costs ten times what an engine's get does. What may take more than about a millisecond goes to the reader pool.

extension Job {
  /// The payload of a key; nil when it is missing.
  public func get(category: String, key: Key) async throws(PersistencyError) -> [UInt8]? {
    try await point { backend throws(PersistencyError) in try backend.getOne(category: category, key: key) }
  }

  /// The payloads of several keys, in their order, from one state.
  ///
  /// One state as far as this process writes: beside a writer in another process, which only a read-only job can have, its
  /// commits may fall between two of the keys.
  public func get(category: String, keys: [Key]) async throws(PersistencyError) -> [[UInt8]?] {
    try limits.check(category: category)
    for key in keys { try limits.check(category: category, key: key) }
    if keys.isEmpty {
      try queue.checkOpen()
      return []
    }
    // The queue is the only writer: an even generation that stays is one state.
    for _ in 0..<3 {
      let before = queue.generation.load(ordering: .acquiring)
      let found = try await point { backend throws(PersistencyError) in
        try Self.payloads(of: keys, category: category, in: backend)
      }
      if before % 2 == 0, queue.generation.load(ordering: .acquiring) == before { return found }
    }
    return try await queue.betweenCommits { backend throws(PersistencyError) in
      try Self.payloads(of: keys, category: category, in: backend)
    }
  }

  private static func payloads(
    of keys: [Key], category: String, in backend: any KvBackend
  ) throws(PersistencyError) -> [[UInt8]?] {
    var payloads: [[UInt8]?] = []
    for key in keys { payloads.append(try backend.getOne(category: category, key: key)) }
    return payloads
  }

  /// A key's payload as a value; nil when the key is missing.
  ///
  /// - Throws: `.invalidArgument` when the payload is no `T` in this codec.
  public func get<T: Decodable>(
    _ type: T.Type, category: String, key: Key, codec: PayloadCodec = .parts
  ) async throws(PersistencyError) -> T? {
    guard let payload = try await get(category: category, key: key) else { return nil }
    return try codec.decode(type, from: payload)
  }

  /// Whether the key has a row.
  public func exists(category: String, key: Key) async throws(PersistencyError) -> Bool {
    try await point { backend throws(PersistencyError) in try backend.existsOne(category: category, key: key) }
  }

  /// The rows of a range, in key order, from one state, in memory all at once; ``rows(category:range:reverse:)`` streams.
  public func scan(
    category: String, range: KeyRange = .all, reverse: Bool = false, limit: Int? = nil
  ) async throws(PersistencyError) -> [KvRow] {
    try limits.check(category: category, range: range, limit: limit)
    // Over a network a second try costs more than the hop that the first one saves.
    if limit.map({ $0 <= Self.shortRows }) ?? false || engine.capabilities.remote {
      return try await point { backend throws(PersistencyError) in
        try backend.scanRange(category: category, range: range, reverse: reverse, limit: limit)
      }
    }
    // Whether it is short shows after its first rows; a long one starts over on the pool, in one state.
    let short = try await point { backend throws(PersistencyError) in
      try Self.shortScan(backend, category: category, range: range, reverse: reverse)
    }
    if let short { return short }
    return try await long { backend throws(PersistencyError) in
      try backend.scanRange(category: category, range: range, reverse: reverse, limit: limit)
    }
  }

  /// The rows whose key begins with `prefix`; an empty prefix gives all.
  public func scanPrefix(
    category: String, prefix: Key, reverse: Bool = false, limit: Int? = nil
  ) async throws(PersistencyError) -> [KvRow] {
    try await scan(category: category, range: KeyRange(prefix: prefix), reverse: reverse, limit: limit)
  }

  /// The keys of a range, without their payloads.
  public func keys(
    category: String, range: KeyRange = .all, reverse: Bool = false, limit: Int? = nil
  ) async throws(PersistencyError) -> [Key] {
    try limits.check(category: category, range: range, limit: limit)
    let read: @Sendable (any KvBackend, Int?) throws(PersistencyError) -> [Key] = {
      backend, most throws(PersistencyError) in
      var keys: [Key] = []
      try backend.visitRange(category: category, range: range, reverse: reverse) { key, _ throws(PersistencyError) in
        // A limit of nought begins the visit too: a closed job must say so.
        if most == 0 { return .stop }
        keys.append(Key(copying: key))
        return keys.count == most ? .stop : .next
      }
      return keys
    }
    // As with scans, whether it is short shows after its first rows.
    let most = engine.capabilities.remote ? limit ?? .max : min(limit ?? Self.shortRows, Self.shortRows)
    let short = try await point { backend throws(PersistencyError) in try read(backend, most) }
    if short.count < most || short.count == limit { return short }
    return try await long { backend throws(PersistencyError) in try read(backend, limit) }
  }

  /// How many rows the range has.
  public func count(category: String, range: KeyRange = .all) async throws(PersistencyError) -> Int {
    try limits.check(category: category, range: range)
    if engine.capabilities.remote {
      return try await long { backend throws(PersistencyError) in
        try backend.countRange(category: category, range: range)
      }
    }
    let short = try await point { backend throws(PersistencyError) in
      var count = 0
      try backend.visitRange(category: category, range: range, reverse: false) { _, _ throws(PersistencyError) in
        count += 1
        return count == Self.fewRows ? .stop : .next
      }
      return count
    }
    if short < Self.fewRows { return short }
    return try await long { backend throws(PersistencyError) in try backend.countRange(category: category, range: range)
    }
  }

  /// The categories that have a row, by their bytes.
  ///
  /// - Throws: `.corrupted`, naming it in hexadecimal, when one is not UTF-8.
  public func categories() async throws(PersistencyError) -> [String] {
    try await long { backend throws(PersistencyError) in try backend.categories() }
  }

  // MARK: Where reads run

  /// So many rows, or so many bytes of them, take well under a millisecond.
  private static let shortRows = 500
  private static let shortBytes = 128 << 10
  /// Visiting so many costs no more than the hop to the pool, where an engine counts them faster.
  private static let fewRows = 200

  /// On the caller's thread, after what is queued.
  func point<R: Sendable>(
    _ read: @escaping @Sendable (any KvBackend) throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    if readsOffCallerThread { return try await long(read) }
    if !queue.isSettled { try await queue.settled() }
    return try read(backend)
  }

  /// On the reader pool, after what is queued; a task that is cancelled meanwhile does not wait for the end.
  func long<R: Sendable>(
    _ read: @escaping @Sendable (any KvBackend) throws(PersistencyError) -> R
  ) async throws(PersistencyError) -> R {
    if !queue.isSettled { try await queue.settled() }
    let backend = self.backend
    return try await WorkerPool.readers.runUnlessCancelled { () throws(PersistencyError) in try read(backend) }
  }

  private static func shortScan(
    _ backend: any KvBackend, category: String, range: KeyRange, reverse: Bool
  ) throws(PersistencyError) -> [KvRow]? {
    var rows: [KvRow] = []
    var bytes = 0
    var isShort = true
    try backend.visitRange(category: category, range: range, reverse: reverse) {
      key, payload throws(PersistencyError) in
      bytes += key.byteCount + payload.byteCount
      guard rows.count < shortRows, bytes <= shortBytes else {
        isShort = false
        return .stop
      }
      rows.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)))
      return .next
    }
    return isShort ? rows : nil
  }
}
