extension Persistency {
  /// Examines a job: its manifest, its engine's own check, and every row in one state of it: order, sizes, and that it can be read.
  ///
  /// The job may be open here, and written meanwhile, or be open in another process where its engine can be read beside a writer. It
  /// is not changed. That a payload is what was once put in it, only an engine with checksums can tell (RocksDB has them), or a
  /// ``digestJob(_:progress:)`` noted earlier.
  ///
  /// - Returns: The verdict: damage is an answer, not an error.
  /// - Throws: `.jobNotFound` when it is neither open nor stored; `.locked` when another process has it open and the engine cannot be read beside
  ///   it; `.unsupported` for a newer format; `.closed` when it is closed meanwhile; `.cancelled`; what keeps the examination from being made.
  /// - Complexity: Two passes over the store.
  public func checkJob(_ id: String, progress: MoveProgress.Handler? = nil) async throws(PersistencyError) -> JobCheck {
    let id = try JobID(id)
    var check = JobExamination(files: files(id))
    do throws(PersistencyError) {
      if try openedJob(id) == nil { try check.readManifest() }
      return try await withJob(id) { [check] job throws(PersistencyError) in
        let (engine, backend) = (job.engine, job.backend)
        return try await moving(progress) { control throws(PersistencyError) in
          var check = check
          try check.examine(backend, of: engine, control)
          return check.verdict
        }
      }
    } catch {
      guard error.kind == .corrupted else { throw error }
      check.find(error.message)
      return check.verdict
    }
  }
}

/// The findings on one job, as they come.
private struct JobExamination: Sendable {
  let files: StoredFiles
  private var engine = ""
  private var digest: ContentDigest?
  private var findings: [CheckFinding] = []
  private var notes: [String] = []
  /// A damaged store has so many flaws that the first ones must do.
  private static let most = 100

  init(files: StoredFiles) { self.files = files }

  var verdict: JobCheck {
    JobCheck(id: files.id.text, engine: engine, digest: digest, findings: findings, notes: notes)
  }

  mutating func find(_ message: String) {
    if findings.count < Self.most { findings.append(CheckFinding(message)) }
  }

  mutating func readManifest() throws(PersistencyError) {
    guard let manifest = try files.manifest() else { return }
    engine = manifest.engine
    if manifest.state == .ready, manifest.clean == nil {
      notes.append("it is open elsewhere, or was not closed cleanly; the next opening for writing mends that")
    }
    if let superseded = manifest.superseded {
      notes.append(
        "its older store on engine \(superseded.engine) is still kept; discard it when it is no longer needed")
    }
    if let migration = manifest.migration {
      notes.append("a migration to engine \(migration.engine) was cut short; run it again, or discard what it left")
    }
  }

  mutating func examine(
    _ backend: any KvBackend, of engine: Engine, _ control: MoveControl
  ) throws(PersistencyError) {
    self.engine = engine.name
    if engine.capabilities.maintenance.contains(.check), let store = backend as? any KvMaintenance {
      var found: [CheckFinding] = []
      try store.check { if found.count < Self.most { found.append($0) } }
      for finding in found { find(finding.message) }
      try control.check()
    } else {
      notes.append("engine \(engine.name) has no check of its own")
    }
    do throws(PersistencyError) {
      try readRows(of: backend, control)
    } catch {
      guard error.kind == .corrupted else { throw error }
      find("not all rows can be read: \(error.message)")
    }
  }

  private mutating func readRows(of backend: any KvBackend, _ control: MoveControl) throws(PersistencyError) {
    try control.countRows(of: backend)
    var (hash, order, oversized, raw) = (ContentHash(), RowOrder(), 0, 0)
    var category: [UInt8]?
    let limits = backend.limits
    try ChunkFeed(rowsOf: backend).each(.verifying, control) { chunk throws(PersistencyError) in
      hash.add(chunk)
      try order.add(chunk)
      try chunk.eachRow { name, key, payload throws(PersistencyError) in
        if name.count > limits.categoryBytes || key.count > limits.keyBytes || payload.count > limits.payloadBytes {
          oversized += 1
        }
        if category?.holds(name) == true { return }
        let bytes = Array(name)
        category = bytes
        if String(validating: bytes, as: UTF8.self) == nil { raw += 1 }
      }
    }
    digest = hash.digest
    if oversized > 0 { find("\(oversized) rows are larger than the limits, so that no call can name or copy them") }
    if raw > 0 {
      notes.append(
        "\(raw) categories are not UTF-8: copies, exports and digests carry them, calls that name a category cannot")
    }
  }
}
