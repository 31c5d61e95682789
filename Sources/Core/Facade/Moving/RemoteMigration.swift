/// A migration from files to another machine, or back: its one step is the state of the store on the other machine, and the
/// manifest here follows it.
struct RemoteMigration {
  private let files: StoredFiles
  private let target: Engine
  private let control: MoveControl

  /// Nil when neither end is on another machine.
  init?(_ files: StoredFiles, to target: Engine, _ control: MoveControl) throws(PersistencyError) {
    (self.files, self.target, self.control) = (files, target, control)
    if files.remote(target) != nil { return }
    if let manifest = try files.manifest() {
      if try files.remote(named: manifest.engine) == nil { return nil }
    } else if try files.foundRemotely() == nil {
      return nil
    }
  }

  func run() throws(PersistencyError) -> ContentDigest {
    try FileSystem.makeFolder(files.root)
    let lock = try JobLock(files.lockPath)
    defer { lock.release() }
    let left = try files.settledManifest()
    var name = left?.engine
    if name == nil { name = try files.foundRemotely()?.engine.name }
    guard let source = files.engines.first(where: { $0.name == name }) else {
      throw PersistencyError(
        .invalidArgument, "job “\(files.id)” is on an engine that is not among this Persistency's; use one that has it")
    }
    if source.name == target.name {
      throw PersistencyError(.invalidArgument, "job “\(files.id)” is on engine \(source.name) already")
    }
    if let superseded = left?.superseded {
      throw PersistencyError(
        .conflict,
        "job “\(files.id)” still keeps its older store, on engine \(superseded.engine); discard that first (discardSuperseded)"
      )
    }
    switch (files.remote(source), files.remote(target)) {
    case (nil, let stores?): return try move(try files.readyManifest(), from: source, to: stores)
    case (let stores?, nil): return try move(left, from: stores, source)
    default:
      throw PersistencyError(
        .unsupported,
        "job “\(files.id)” would move from one server to another: copy it under another id, and drop this one")
    }
  }

  // MARK: To another machine

  private func move(
    _ left: JobManifest, from source: Engine, to stores: any RemoteStores
  ) throws(PersistencyError) -> ContentDigest {
    let id = files.id.text
    try files.checkStore(source, left)
    let reader = try source.open(files.storePath(source), StoreOptions(access: .readOnly, mustExist: true))
    defer { reader.close() }
    var manifest = left
    if left.migration != nil { _ = try files.discardOthers(left) }
    if let found = try stores.find(id) {
      if found.state == .ready || found.state == .superseded { throw files.taken }
      try stores.remove(id, in: [.filling, .dropping])
    }
    let store = try stores.open(id, StoreOptions(durability: .consistent), .filling)
    do throws(PersistencyError) {
      defer { store.close() }
      guard let token = try stores.find(id)?.token else { throw files.taken }
      manifest.migration = .init(engine: target.name, store: token, boot: nil)
      try manifest.write(to: files.manifestPath)
      let digest = try fill(store, from: reader)
      try store.sync()
      store.close()
      // The step.
      try stores.mark(id, .ready, successor: nil)
      _ = try files.settledManifest()
      return digest
    } catch {
      store.close()
      // After the step it is the job's, and whoever looks next has the manifest follow.
      if let now = try? files.settledManifest(), now.migration != nil { _ = try? files.discardOthers(now) }
      throw error
    }
  }

  // MARK: From another machine

  private func move(
    _ left: JobManifest?, from stores: any RemoteStores, _ source: Engine
  ) throws(PersistencyError) -> ContentDigest {
    let id = files.id.text
    // For writing, so that nobody else does.
    let reader = try stores.open(id, StoreOptions(durability: .full, mustExist: true), .ready)
    defer { reader.close() }
    guard let token = try stores.find(id)?.token else { throw files.taken }
    if let left, left.migration != nil { _ = try files.discardOthers(left) }
    let path = files.storePath(target)
    if try FileSystem.kind(path) != .missing {
      throw PersistencyError(.conflict, "\(path) is in the way, and no store of job “\(id)”; move it away first")
    }
    var manifest = try JobManifest(id: files.id, engine: source.name, state: .ready, durability: .full)
    manifest.store = token
    let migration = JobManifest.OtherStore(
      engine: target.name, store: JobManifest.newStoreName(), boot: try bootIdentifier())
    manifest.migration = migration
    try manifest.write(to: files.manifestPath)
    do throws(PersistencyError) {
      let store = try target.open(path, StoreOptions(durability: target.fillDurability))
      defer { store.close() }
      let digest = try fill(store, from: reader)
      store.close()
      try files.syncStore(target)
      reader.close()
      // The step.
      try stores.mark(id, .superseded, successor: migration.store)
      _ = try files.settledManifest()
      return digest
    } catch {
      reader.close()
      if let now = try? files.settledManifest(), now.migration != nil { _ = try? files.discardOthers(now) }
      throw error
    }
  }

  private func fill(_ store: any KvBackend, from reader: any KvBackend) throws(PersistencyError) -> ContentDigest {
    try control.countRows(of: reader)
    var filling = try StoreFilling(store, isResumed: false, control)
    return try filling.run(ChunkFeed(rowsOf: reader, makesRows: filling.takesRows))
  }
}
