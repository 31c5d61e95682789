import PersistencyCore

/// A job as a backend: each call of the contract is the job's call for it, and so goes through its queue and its reads.
///
/// The backend checks run on it as they do on the bare backend: what the facade adds must take nothing away.
final class JobBackend: KvBackend {
  private let jobs: Persistency
  private let job: Job

  var limits: BackendLimits { job.limits }

  /// Opens the one job of `directory`, through a `Persistency` of its own.
  init(engine: Engine, directory: String, options: StoreOptions) throws(PersistencyError) {
    let jobs = try Persistency(rootDirectory: directory, engines: [engine])
    let options = JobOptions(
      durability: options.durability, access: options.access, createIfMissing: !options.mustExist)
    job = try RunLoop.wait { () async throws(PersistencyError) in try await jobs.openJob("store", options: options) }
    self.jobs = jobs
  }

  func close() {
    // What a queued write failed of was told to whoever waited for it.
    try? RunLoop.wait { () async throws(PersistencyError) in try await self.jobs.close() }
  }

  // MARK: Writes

  func applyOps(_ ops: [TxOp]) throws(PersistencyError) {
    try RunLoop.wait { () async throws(PersistencyError) in try await self.job.apply(ops) }
  }

  /// Queued in order, as by tasks that write at the same time; the job merges them as it likes.
  func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>] {
    let job = self.job
    // Not what the tasks return: with tuples of results in a task group the optimised build runs into an illegal instruction.
    let failures = Shared<[Int: PersistencyError]>([:])
    do throws(PersistencyError) {
      try RunLoop.wait { () async throws(PersistencyError) in
        await withTaskGroup(of: Void.self) { group in
          for (index, batch) in batches.enumerated() {
            group.addTask {
              do throws(PersistencyError) {
                try await job.apply(batch, durability: sync ? .full : nil)
              } catch {
                failures.withLock { $0[index] = error }
              }
            }
          }
        }
      }
    } catch {
      return batches.map { _ in .failure(error) }
    }
    let failed = failures.withLock { $0 }
    return batches.indices.map { index in failed[index].map { .failure($0) } ?? .success(()) }
  }

  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try RunLoop.wait { () async throws(PersistencyError) in try await self.job.delete(category: category, key: key) }
  }

  // MARK: Reads

  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? {
    try RunLoop.wait { () async throws(PersistencyError) in try await self.job.get(category: category, key: key) }
  }

  func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool {
    try RunLoop.wait { () async throws(PersistencyError) in try await self.job.exists(category: category, key: key) }
  }

  func scanRange(
    category: String, range: KeyRange, reverse: Bool, limit: Int?
  ) throws(PersistencyError) -> [KvRow] {
    try RunLoop.wait { () async throws(PersistencyError) in
      try await self.job.scan(category: category, range: range, reverse: reverse, limit: limit)
    }
  }

  func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int {
    try RunLoop.wait { () async throws(PersistencyError) in
      try await self.job.count(category: category, range: range)
    }
  }

  func visitRange(
    category: String, range: KeyRange, reverse: Bool, _ visit: RowVisitor
  ) throws(PersistencyError) {
    try withoutActuallyEscaping(visit) { visit throws(PersistencyError) in
      try RunLoop.wait { () async throws(PersistencyError) in
        try await Self.only {
          try await self.job.visit(category: category, range: range, reverse: reverse) { try visit($0, $1) }
        }
      }
    }
  }

  func visitAll(_ visit: StoreVisitor) throws(PersistencyError) {
    try withoutActuallyEscaping(visit) { visit throws(PersistencyError) in
      try RunLoop.wait { () async throws(PersistencyError) in
        try await Self.only { try await self.job.visitAll { try visit($0, $1, $2) } }
      }
    }
  }

  func categories() throws(PersistencyError) -> [String] {
    try RunLoop.wait { () async throws(PersistencyError) in try await self.job.categories() }
  }

  /// A job's visits throw what the visitor throws, which here is a `PersistencyError`.
  private static func only(_ body: () async throws -> Void) async throws(PersistencyError) {
    do {
      try await body()
    } catch let error as PersistencyError {
      throw error
    } catch {
      throw PersistencyError(.backend, "a visit threw an error of another type: \(error)")
    }
  }
}
