// Jobs of engines on other machines: their stores are asked, not files.

extension StoredFiles {
  /// The stores that an engine has on another machine; nil for one with files.
  func remote(_ engine: Engine) -> (any RemoteStores)? { engine.remote?(FileSystem.resolved(root)) }

  func remote(named name: String) throws(PersistencyError) -> (any RemoteStores)? {
    engines.first { $0.name == name }.flatMap(remote)
  }

  /// The engine on another machine that has this job, of those that are known here.
  ///
  /// - Throws: `.conflict` when it has moved to where this root does not see it.
  func foundRemotely() throws(PersistencyError) -> (engine: Engine, stores: any RemoteStores)? {
    for engine in engines {
      guard let stores = remote(engine), let store = try stores.find(id.text) else { continue }
      switch store.state {
      case .ready: return (engine, stores)
      // Nothing was ever acknowledged, or all of it is dropped.
      case .filling, .dropping: continue
      case .superseded:
        throw PersistencyError(
          .conflict,
          "job “\(id)” was moved from engine \(engine.name) to another, in another root; open it there, or discard there what is kept here"
        )
      }
    }
    return nil
  }

  /// Removes a store beside the job's own, if it is on another machine and still the one that is meant.
  func removeRemote(_ other: JobManifest.OtherStore) throws(PersistencyError) {
    guard let stores = try remote(named: other.engine), let store = try stores.find(id.text),
      store.token == other.store, store.state != .ready
    else { return }
    try stores.remove(id.text, in: [.filling, .dropping, .superseded])
  }

  /// The manifest, after a migration from or to another machine that was cut short just after its one step.
  ///
  /// That step is the other machine's: the state of the store there. The manifest follows it.
  func settledManifest() throws(PersistencyError) -> JobManifest? {
    guard var manifest = try manifest(), manifest.state == .ready, let migration = manifest.migration else {
      return try self.manifest()
    }
    let isMoved: Bool
    if let target = try remote(named: migration.engine) {
      let store = try target.find(id.text)
      isMoved = store?.state == .ready && store?.token == migration.store
    } else if let source = try remote(named: manifest.engine) {
      let store = try source.find(id.text)
      isMoved = store?.state == .superseded && store?.successor == migration.store
    } else {
      return manifest
    }
    if isMoved { try finishMove(&manifest, to: migration) }
    return manifest
  }

  /// Has the manifest say that the job is on the store that a migration filled.
  func finishMove(
    _ manifest: inout JobManifest, to migration: JobManifest.OtherStore
  ) throws(PersistencyError) {
    manifest.superseded = .init(engine: manifest.engine, store: manifest.store, boot: manifest.boot)
    (manifest.engine, manifest.store, manifest.boot) = (migration.engine, migration.store, migration.boot)
    manifest.migration = nil
    manifest.clean = nil
    if let engine = engines.first(where: { $0.name == migration.engine }), remote(engine) == nil {
      manifest.clean = .init(dataBytes: try dataBytes(engine))
    }
    try manifest.write(to: manifestPath)
  }

  /// The jobs that engines have on other machines.
  static func remoteJobs(
    in root: String, engines: [Engine], besides jobs: [StoredJob]
  ) throws(PersistencyError) -> [StoredJob] {
    var found: [StoredJob] = []
    for engine in engines {
      guard let stores = engine.remote?(FileSystem.resolved(root)) else { continue }
      for store in try stores.all() where store.state == .ready {
        let isHere = (jobs + found).contains { $0.id.utf8.elementsEqual(store.id.utf8) }
        if isHere { continue }
        found.append(
          StoredJob(id: store.id, engine: engine.name, bytesOnDisk: 0, use: store.isOpen ? .open : .closed))
      }
    }
    return found
  }
}

extension JobOpening {
  /// Opens a job on another machine; nothing is made or locked here.
  func openRemote(
    on engine: Engine, _ stores: any RemoteStores, mustExist: Bool
  ) throws(PersistencyError) -> Job {
    try engine.expectOffered(options.durability)
    if !mustExist {
      if options.access == .readOnly { throw notStored }
      // What a copy left there that was cut short.
      if let left = try stores.find(id.text), left.state != .ready {
        try stores.remove(id.text, in: [.filling, .dropping])
        Events.madeAnew(id, engine)
      }
    }
    let store = StoreOptions(durability: options.durability, access: options.access, mustExist: mustExist)
    return Job(
      id: id.text, engine: engine, options: options, backend: try stores.open(id.text, store, .ready), store: nil)
  }
}
