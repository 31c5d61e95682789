import PersistencyCore

/// A store as a trial's child sees it, on whichever layer.
protocol TrialStore: Sendable {
  /// Writes batches in order; they are acknowledged when this returns.
  func write(_ batches: [[TxOp]], full: Bool) async throws
  /// Writes without waiting, where the layer can; acknowledged when the store is closed.
  func post(_ batches: [[TxOp]]) async throws
  /// Every row, in order.
  func rows() async throws -> [TrialScript.Row]
  func payload(_ category: String, _ key: Key) async throws -> [UInt8]?
  func close() async throws
  /// Closes it and removes its files.
  func drop() async throws
}

extension TrialOrder {
  static let job = "trial"

  /// Opens the store that the order is about.
  ///
  /// - Parameter create: Whether to make it where there is none.
  /// - Returns: Nil when there is none.
  func openStore(_ engine: Engine, create: Bool) async throws -> (any TrialStore)? {
    guard layer.isJob else {
      let options = StoreOptions(durability: durability, mustExist: mustExist && !create)
      return RawStore(backend: try engine.open(directory + "/store" + engine.fileSuffix, options))
    }
    let jobs = try Persistency(rootDirectory: directory, engines: [engine])
    let options = JobOptions(durability: durability, createIfMissing: create)
    do throws(PersistencyError) {
      return JobStore(
        jobs: jobs, job: try await jobs.openJob(Self.job, options: options), waits: layer == .acknowledged)
    } catch {
      if error.kind == .jobNotFound { return nil }
      throw error
    }
  }

  /// What the engine's own check finds in the closed store.
  func check(_ engine: Engine) throws -> [String] {
    guard engine.capabilities.maintenance.contains(.check) else { return [] }
    let path = directory + (layer.isJob ? "/" + Self.job : "/store") + engine.fileSuffix
    // To read: it must leave everything as it is, on the disk too.
    let options = StoreOptions(durability: durability, access: .readOnly, mustExist: true)
    let remote = layer.isJob ? engine.remote?(directory) : nil
    let store = try remote?.open(Self.job, options, .ready) ?? engine.open(path, options)
    defer { store.close() }
    var findings: [String] = []
    try (store as? any KvMaintenance)?.check { findings.append($0.message) }
    return findings
  }
}

struct RawStore: TrialStore {
  let backend: any KvBackend

  func write(_ batches: [[TxOp]], full: Bool) async throws {
    if batches.count == 1 && !full { return try backend.applyOps(batches[0]) }
    for result in backend.applyGroup(batches, sync: full) { try result.get() }
  }

  func post(_ batches: [[TxOp]]) async throws { try await write(batches, full: false) }

  func rows() async throws -> [TrialScript.Row] {
    var rows: [TrialScript.Row] = []
    try backend.visitAll { category, key, payload throws(PersistencyError) in
      rows.append(TrialScript.Row(copying: category, key, payload))
      return .next
    }
    return rows
  }

  func payload(_ category: String, _ key: Key) async throws -> [UInt8]? {
    try backend.getOne(category: category, key: key)
  }

  func close() async throws { backend.close() }
  func drop() async throws { throw TrialFailure("a backend has no drop") }
}

struct JobStore: TrialStore {
  let jobs: Persistency
  let job: Job
  /// Whether a writer waits for the commit of each batch.
  let waits: Bool

  func write(_ batches: [[TxOp]], full: Bool) async throws {
    for batch in waits ? [] : batches.dropLast() { try await job.persist(batch) }
    for batch in waits ? batches[...] : batches.suffix(1) {
      if waits || full {
        try await job.apply(batch, durability: full ? .full : nil)
      } else {
        try await job.persist(batch)
      }
    }
    if !waits { try await job.flush() }
  }

  func post(_ batches: [[TxOp]]) async throws {
    for batch in batches {
      if waits { try await job.apply(batch) } else { try await job.persist(batch) }
    }
  }

  func rows() async throws -> [TrialScript.Row] {
    var rows: [TrialScript.Row] = []
    try await job.visitAll { category, key, payload in
      rows.append(TrialScript.Row(copying: category, key, payload))
      return .next
    }
    return rows
  }

  func payload(_ category: String, _ key: Key) async throws -> [UInt8]? {
    try await job.get(category: category, key: key)
  }

  func close() async throws { try await jobs.close() }

  func drop() async throws {
    try await jobs.dropJob(TrialOrder.job)
    try await jobs.close()
  }
}

extension TrialScript.Row {
  init(copying category: RawSpan, _ key: RawSpan, _ payload: RawSpan) {
    self.init(
      category: String(decoding: [UInt8](copying: category), as: UTF8.self), key: Key(copying: key),
      payload: [UInt8](copying: payload))
  }
}
