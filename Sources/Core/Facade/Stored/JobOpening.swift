/// The opening of one job: which engine it is on, what was left of it, and what its manifest must say before the
/// first write.
struct JobOpening: Sendable {
  private(set) var root: String
  let engines: [Engine]
  let id: JobID
  /// The engine the caller named, if any.
  let engine: Engine?
  let options: JobOptions

  var files: StoredFiles { StoredFiles(root: root, id: id, engines: engines) }

  /// What is stored under the id.
  private enum Found {
    case nothing
    /// On another machine; no file speaks for it, or one that only says so.
    case remote(Engine, any RemoteStores)
    /// A store of an open format, made by another program.
    case foreign(Engine, path: String)
    case stored(Engine, JobManifest)
  }

  /// Opens the job; blocks while the disk does.
  func open() throws(PersistencyError) -> Job {
    var opening = self
    // A root that is a link may lead elsewhere by the time the job closes; its manifest goes where its store is.
    opening.root = FileSystem.resolved(root)
    return try opening.openResolved()
  }

  private func openResolved() throws(PersistencyError) -> Job {
    let found = try find()
    if case .nothing = found, !options.createIfMissing { throw notStored }
    if case .remote(let engine, let stores) = found { return try openRemote(on: engine, stores, mustExist: true) }
    if case .nothing = found, let engine = engine ?? engines.first, let stores = files.remote(engine) {
      return try openRemote(on: engine, stores, mustExist: false)
    }
    if case .nothing = found, !(engine ?? engines[0]).capabilities.persistent {
      let engine = self.engine ?? engines[0]
      return Job(
        id: id.text, engine: engine, options: options,
        backend: try engine.open(files.storePath(engine), storeOptions(mustExist: false)), store: nil)
    }
    // Before anything is made for it, the lock included.
    if case .nothing = found, options.access == .readWrite {
      try (engine ?? engines[0]).expectOffered(options.durability)
    }
    return try DescriptorLimit.withRoom(for: FileSystem.neededByOpening, "opening job “\(id)”") {
      () throws(PersistencyError) in
      if options.access == .readOnly { return try openReadOnly(found) }
      try FileSystem.makeFolder(root)
      let lock = try JobLock(files.lockPath)
      do throws(PersistencyError) {
        return try open(lock)
      } catch {
        lock.release()
        throw error
      }
    }
  }

  /// Looks again under the lock: what was found before may have been another's half-made work.
  private func open(_ lock: JobLock) throws(PersistencyError) -> Job {
    switch try find() {
    case .remote(let engine, let stores):
      lock.release()
      return try openRemote(on: engine, stores, mustExist: true)
    case .nothing:
      if !options.createIfMissing { throw notStored }
      return try create(on: engine ?? engines[0], lock)
    case .foreign(let engine, let path):
      return try adopt(path, by: engine, lock)
    case .stored(let engine, let manifest):
      switch manifest.state {
      case .creating where manifest.hasOtherStores:
        // A volatile store that was being made anew: the job is there, and keeps what a migration left beside it.
        try files.removeStore(engine.fileSuffix)
        return try create(on: engine, lock, beside: manifest)
      case .creating, .dropping:
        try files.finishDrop(manifest)
        if !options.createIfMissing { throw notStored }
        Events.madeAnew(id, engine)
        return try create(on: engine, lock)
      case .ready:
        let isCompacted = manifest.isCompacted == true
        return try reopen(engine, isCompacted ? try files.finishCompaction(manifest, engine) : manifest, lock)
      }
    }
  }

  // MARK: Three ways to open

  private func adopt(_ path: String, by engine: Engine, _ lock: JobLock) throws(PersistencyError) -> Job {
    try files.adopt(path, as: engine)
    do throws(PersistencyError) {
      let manifest = try JobManifest(id: id, engine: engine.name, state: .ready, durability: options.durability)
      let backend = try engine.open(files.storePath(engine), storeOptions(mustExist: true))
      let job = try job(engine, backend, manifest, lock)
      Events.adopted(id, engine, from: path)
      return job
    } catch {
      // What we refuse stays as it was, its name included.
      try? FileSystem.remove(files.manifestPath)
      try? files.giveBack(path, as: engine)
      throw error
    }
  }

  /// - Parameter left: The manifest of a store that is made anew; what else it speaks for stays.
  private func create(
    on engine: Engine, _ lock: JobLock, beside left: JobManifest? = nil
  ) throws(PersistencyError) -> Job {
    guard engine.capabilities.persistent else {
      throw PersistencyError(.invalidArgument, "engine \(engine.name) stores nothing; open job “\(id)” anew on it")
    }
    var manifest = try JobManifest(id: id, engine: engine.name, state: .creating, durability: options.durability)
    (manifest.migration, manifest.superseded) = (left?.migration, left?.superseded)
    try manifest.write(to: files.manifestPath)
    do throws(PersistencyError) {
      let backend = try engine.open(files.storePath(engine), storeOptions(mustExist: false))
      manifest.state = .ready
      return try job(engine, backend, manifest, lock)
    } catch {
      // Nothing was acknowledged; what stays behind is found `creating` and made anew.
      if !manifest.hasOtherStores { try? files.finishDrop(manifest) }
      throw error
    }
  }

  private func reopen(_ engine: Engine, _ left: JobManifest, _ lock: JobLock) throws(PersistencyError) -> Job {
    let wasVolatile = left.clean == nil && left.durability == Durability.volatile.rawValue
    if wasVolatile, try isOfAnotherBoot(left) {
      Events.discarded(id, engine)
      try files.removeStore(engine.fileSuffix)
      return try create(on: engine, lock, beside: left)
    }
    try files.checkStore(engine, left)
    if wasVolatile && options.durability != .volatile { try files.syncStore(engine) }
    var manifest = left
    manifest.clean = nil
    manifest.durability = options.durability.rawValue
    manifest.boot = try bootIdentifier()
    try manifest.write(to: files.manifestPath)
    do throws(PersistencyError) {
      let backend = try engine.open(files.storePath(engine), storeOptions(mustExist: true))
      return Job(
        id: id.text, engine: engine, options: options, backend: backend,
        store: OpenStore(files: files, engine: engine, lock: lock, manifest: manifest))
    } catch {
      // Nobody wrote: what the last close recorded still holds, and must be compared again.
      try? restore(left, of: engine)
      throw error
    }
  }

  /// Puts the manifest of a store that did not open back as it was.
  private func restore(_ left: JobManifest, of engine: Engine) throws(PersistencyError) {
    var left = left
    // The engine may have replayed its log before it failed, which can make a sound store smaller, and at a volatile level leaves
    // that in the page cache.
    if let before = left.clean?.dataBytes, !engine.capabilities.openFormat {
      left.clean?.dataBytes = min(before, try files.dataBytes(engine))
    }
    if options.durability == .volatile { try files.syncStore(engine) }
    try left.write(to: files.manifestPath)
  }

  private func openReadOnly(_ found: Found) throws(PersistencyError) -> Job {
    let engine: Engine
    let path: String
    let manifest: JobManifest
    switch found {
    case .nothing, .remote: throw notStored
    case .foreign(let foreign, let place):
      (engine, path) = (foreign, place)
      manifest = try JobManifest(id: id, engine: engine.name, state: .ready, durability: options.durability)
    case .stored(let stored, let left):
      guard left.state == .ready else {
        throw PersistencyError(
          .jobNotFound, "job “\(id)” is half made or half dropped; open it for writing to mend that")
      }
      if left.isCompacted == true {
        throw PersistencyError(
          .locked,
          "job “\(id)” is being made smaller, or that was cut short; try again, or open it for writing, which ends it")
      }
      if left.clean == nil, left.durability == Durability.volatile.rawValue, try isOfAnotherBoot(left) {
        throw PersistencyError(
          .corrupted,
          "job “\(id)” was volatile and not closed before the machine stopped; open it for writing, which starts it anew"
        )
      }
      (engine, path, manifest) = (stored, files.storePath(stored), left)
      try files.checkStore(stored, left)
    }
    // An engine that cannot read beside a writer must be alone.
    let lock = engine.capabilities.readOnlyBesideWriter ? nil : try JobLock(files.lockPath)
    let backend: any KvBackend
    do throws(PersistencyError) {
      backend = try engine.open(path, storeOptions(mustExist: true))
    } catch {
      lock?.release()
      throw error
    }
    return Job(
      id: id.text, engine: engine, options: options, backend: backend,
      store: OpenStore(files: files, engine: engine, lock: lock, isReadOnly: true, manifest: manifest))
  }

  // MARK: What is there

  var notStored: PersistencyError {
    PersistencyError(.jobNotFound, "no job “\(id)” is stored in \(root)")
  }

  private func find() throws(PersistencyError) -> Found {
    if let manifest = try files.settledManifest() {
      switch manifest.state {
      // Nothing was ever acknowledged, or all of it is dropped: the caller may choose anew.
      case .creating:
        if let engine { return .stored(engine, manifest) }
      case .dropping: return .stored(engine ?? engines[0], manifest)
      case .ready: break
      }
      let stored = try checked(engineNamed: manifest.engine)
      if let stores = files.remote(stored) { return .remote(stored, stores) }
      return .stored(stored, manifest)
    }
    guard let (found, path) = try files.unmanifested() else {
      guard let (found, stores) = try files.foundRemotely() else { return .nothing }
      return .remote(try checked(engineNamed: found.name), stores)
    }
    return .foreign(try checked(engineNamed: found.name), path: path)
  }

  /// The stored engine, if it is known here and not another than the caller named.
  private func checked(engineNamed name: String) throws(PersistencyError) -> Engine {
    guard let stored = engines.first(where: { $0.name == name }) else {
      throw PersistencyError(
        .invalidArgument,
        "job “\(id)” is on engine \(name), which this Persistency does not have; use one that has it, this one has \(engines.map(\.name).joined(separator: ", "))"
      )
    }
    if let engine, engine.name != name {
      throw PersistencyError(
        .invalidArgument,
        "job “\(id)” is on engine \(name), not \(engine.name); move it there with migrateJob (or `persistency migrate`), or open it without naming an engine"
      )
    }
    return stored
  }

  private func isOfAnotherBoot(_ left: JobManifest) throws(PersistencyError) -> Bool { !(try isRunningBoot(left.boot)) }

  private func storeOptions(mustExist: Bool) -> StoreOptions {
    StoreOptions(durability: options.durability, access: options.access, mustExist: mustExist)
  }

  /// Records that the store is made and open, before anybody can write to it.
  private func job(
    _ engine: Engine, _ backend: any KvBackend, _ manifest: JobManifest, _ lock: JobLock
  ) throws(PersistencyError) -> Job {
    do throws(PersistencyError) {
      try manifest.write(to: files.manifestPath)
    } catch {
      backend.close()
      throw error
    }
    return Job(
      id: id.text, engine: engine, options: options, backend: backend,
      store: OpenStore(files: files, engine: engine, lock: lock, manifest: manifest))
  }
}
