/// A job whose store is being filled; its manifest says `creating` until it is complete, so that nobody takes it for one.
struct JobDraft: Sendable {
  let files: StoredFiles
  let engine: Engine
  private let lock: JobLock
  private let manifest: JobManifest
  /// An earlier run left a store that may be gone on with.
  private let mayResume: Bool

  /// Takes the id, unless a job has it.
  ///
  /// - Parameter origin: What a copy is made of; nil when it cannot go on where an earlier one was cut short.
  /// - Throws: `.conflict` when the job exists.
  static func begin(
    _ files: StoredFiles, on engine: Engine, origin: String? = nil
  ) throws(PersistencyError) -> JobDraft {
    // Before anything is made: a refusal leaves no lock file behind.
    _ = try leftovers(files)
    try FileSystem.makeFolder(files.root)
    let lock = try JobLock(files.lockPath)
    do throws(PersistencyError) {
      var manifest = try JobManifest(
        id: files.id, engine: engine.name, state: .creating, durability: engine.fillDurability)
      manifest.origin = origin
      if let left = try leftovers(files) {
        if let origin, left.state == .creating, left.origin == origin, left.engine == engine.name,
          try isRunningBoot(left.boot)
        {
          return JobDraft(files: files, engine: engine, lock: lock, manifest: left, mayResume: true)
        }
        try files.finishDrop(left)
      }
      try manifest.write(to: files.manifestPath)
      return JobDraft(files: files, engine: engine, lock: lock, manifest: manifest, mayResume: false)
    } catch {
      lock.release()
      throw error
    }
  }

  /// What a run that was cut short left under the id; nil when there is nothing.
  ///
  /// - Throws: `.conflict` when the job exists.
  static func leftovers(_ files: StoredFiles) throws(PersistencyError) -> JobManifest? {
    guard let left = try files.manifest() else {
      if try files.unmanifested() == nil { return nil }
      throw files.taken
    }
    if left.state == .ready || left.hasOtherStores { throw files.taken }
    return left
  }

  /// Opens the store to fill: a new one, or the one that an earlier run left.
  func openStore() throws(PersistencyError) -> (store: any KvBackend, isResumed: Bool) {
    if mayResume {
      if let store = engine.resumeFilling(files.storePath(engine)) { return (store, true) }
      try files.removeStore(engine.fileSuffix)
    }
    return (try engine.open(files.storePath(engine), StoreOptions(durability: engine.fillDurability)), false)
  }

  /// Makes the store, which is closed by now, durable, and a job of it.
  func complete() throws(PersistencyError) {
    try files.syncStore(engine)
    var manifest = manifest
    manifest.state = .ready
    manifest.origin = nil
    // Filled at the weakest level, it is all on the disk now.
    manifest.durability = Durability.full.rawValue
    manifest.clean = .init(dataBytes: try files.dataBytes(engine))
    try manifest.write(to: files.manifestPath)
    lock.release()
  }

  /// Removes what was made.
  func abandon() {
    try? files.finishDrop(manifest)
    lock.release()
  }

  /// Leaves what was made for a later run to go on with.
  func suspend() { lock.release() }
}

extension StoredFiles {
  var taken: PersistencyError {
    PersistencyError(.conflict, "job “\(id)” exists already; drop it first, or choose another id")
  }
}

extension Engine {
  /// The level that a store is filled at: it is worth nothing until it is complete, and then it is synced as a whole.
  var fillDurability: Durability {
    [.volatile, .consistent].first { capabilities.durability.contains($0) } ?? .full
  }

  /// Opens the store that a filling in this boot left half-made; nil when it cannot be gone on with.
  func resumeFilling(_ path: String) -> (any KvBackend)? {
    guard let backend = try? open(path, StoreOptions(durability: fillDurability, mustExist: true)) else { return nil }
    // One with a category that is not UTF-8 is made anew: its rows cannot be deleted by name.
    if (try? backend.categories()) != nil { return backend }
    backend.close()
    return nil
  }
}
