/// The filling of a job's store on another engine, and the step that makes it the job's.
struct Migration {
  let files: StoredFiles
  let target: Engine
  let control: MoveControl

  private var targetPath: String { files.storePath(target) }

  func run() throws(PersistencyError) -> ContentDigest {
    let lock = try JobLock(files.lockPath)
    defer { lock.release() }
    let left = try files.readyManifest()
    let source = try sourceEngine(left)
    try files.checkStore(source, left)
    let reader = try source.open(files.storePath(source), StoreOptions(access: .readOnly, mustExist: true))
    defer { reader.close() }
    let (store, isResumed) = try openTarget(beside: left)
    do throws(PersistencyError) {
      try control.countRows(of: reader)
      var filling = try StoreFilling(store, isResumed: isResumed, control)
      let digest = try filling.run(ChunkFeed(rowsOf: reader, makesRows: filling.takesRows))
      store.close()
      try files.syncStore(target)
      try makeJobs()
      return digest
    } catch {
      store.close()
      // What a cancelled task has filled is gone on with.
      if error.kind != .cancelled { _ = try? discardTarget() }
      throw error
    }
  }

  /// The engine the job is on, if it can be moved from there to here.
  private func sourceEngine(_ manifest: JobManifest) throws(PersistencyError) -> Engine {
    let (id, from) = (files.id, manifest.engine)
    if from == target.name { throw PersistencyError(.invalidArgument, "job “\(id)” is on engine \(from) already") }
    guard let source = files.engines.first(where: { $0.name == from }) else {
      throw PersistencyError(
        .invalidArgument,
        "job “\(id)” is on engine \(from), which is not among this Persistency's: \(files.engines.map(\.name).joined(separator: ", "))"
      )
    }
    if let superseded = manifest.superseded {
      throw PersistencyError(
        .conflict,
        "job “\(id)” still keeps its older store, on engine \(superseded.engine); discard that first (discardSuperseded)"
      )
    }
    return source
  }

  /// Opens the store to fill: what an earlier run left where it can be used, else a new one.
  private func openTarget(
    beside left: JobManifest
  ) throws(PersistencyError) -> (store: any KvBackend, isResumed: Bool) {
    var manifest = left
    if let earlier = left.migration {
      if earlier.engine == target.name, try isRunningBoot(earlier.boot), let store = target.resumeFilling(targetPath) {
        return (store, true)
      }
      _ = try files.discardOthers(left)
      manifest.migration = nil
    }
    if try FileSystem.kind(targetPath) != .missing {
      throw PersistencyError(
        .conflict, "\(targetPath) is in the way, and no store of job “\(files.id)”; move it away first")
    }
    manifest.migration = .init(engine: target.name, store: JobManifest.newStoreName(), boot: try bootIdentifier())
    try manifest.write(to: files.manifestPath)
    do throws(PersistencyError) {
      return (try target.open(targetPath, StoreOptions(durability: target.fillDurability)), false)
    } catch {
      _ = try? discardTarget()
      throw error
    }
  }

  /// The step: before the manifest is renamed the old store is the job's, after it the new one.
  private func makeJobs() throws(PersistencyError) {
    var manifest = try files.readyManifest()
    guard let filled = manifest.migration else {
      throw PersistencyError(.corrupted, "the manifest of job “\(files.id)” was changed by somebody else meanwhile")
    }
    manifest.superseded = .init(engine: manifest.engine, store: manifest.store, boot: manifest.boot)
    (manifest.engine, manifest.store, manifest.boot) = (filled.engine, filled.store, filled.boot)
    manifest.clean = .init(dataBytes: try StoredFiles.dataBytes(targetPath, target))
    manifest.migration = nil
    try manifest.write(to: files.manifestPath)
  }

  private func discardTarget() throws(PersistencyError) {
    let manifest = try files.readyManifest()
    // After the step it is the job's: a failure to sync the folder does not undo it.
    if manifest.migration?.engine == target.name { _ = try files.discardOthers(manifest) }
  }
}
