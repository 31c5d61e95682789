/// Where a job's files are, and what is done with them while its store is not open.
struct StoredFiles: Sendable {
  static let manifestSuffix = ".job"
  static let lockSuffix = ".lock"
  static let draftSuffix = ".tmp"
  /// The suffixes of the engines of this package, known even where the engine is not linked.
  private static let knownSuffixes = ["sqlite": ".db", "lmdb": ".lmdb", "rocks": ".rocks"]
  /// What stands between a job's name and the suffix for a compacted copy of its store; no id's file name has it.
  static let compactedMark = "%~new"
  /// What an engine may keep beside its store's file.
  private static let sidecars = ["-wal", "-shm", "-journal"]

  let root: String
  let id: JobID
  let engines: [Engine]

  private var base: String { root + "/" + id.fileName }
  var manifestPath: String { base + Self.manifestSuffix }
  var lockPath: String { base + Self.lockSuffix }

  func storePath(_ engine: Engine) -> String { base + engine.fileSuffix }
  func compactedPath(_ engine: Engine) -> String { base + compactedSuffix(engine) }

  // MARK: Looking

  /// The manifest; nil when there is none.
  ///
  /// - Throws: `.invalidArgument` when it is another job's: a file system that folds case, or a collision of hashes.
  func manifest() throws(PersistencyError) -> JobManifest? {
    guard let manifest = try JobManifest.read(manifestPath) else { return nil }
    guard manifest.id.utf8.elementsEqual(id.text.utf8) else {
      throw PersistencyError(
        .invalidArgument, "job “\(id)” would have the files of job “\(manifest.id)”; choose another id")
    }
    return manifest
  }

  /// A store that stands here without a manifest: the engine to adopt it by, and where it is.
  ///
  /// - Throws: `.corrupted` for one that cannot be adopted.
  func unmanifested() throws(PersistencyError) -> (engine: Engine, path: String)? {
    let open = engines.filter(\.capabilities.openFormat)
    for engine in open {
      if try FileSystem.kind(storePath(engine)) != .missing { return (engine, storePath(engine)) }
      if let original = try original(engine) { return (engine, original) }
    }
    let suffixes = Set(engines.filter(\.capabilities.persistent).map(\.fileSuffix)).union(Self.knownSuffixes.values)
    for suffix in suffixes.sorted() where try FileSystem.kind(base + suffix) != .missing {
      throw PersistencyError(
        .corrupted,
        "\(base + suffix) has no manifest \(manifestPath), so nothing says whose it is; restore the manifest, or move the store away"
      )
    }
    return nil
  }

  /// The file that the original would have given this id; never one that another job's manifest speaks for.
  private func original(_ engine: Engine) throws(PersistencyError) -> String? {
    guard let name = id.originalFileName, try FileSystem.kind(root + "/" + name + Self.manifestSuffix) == .missing
    else { return nil }
    let path = root + "/" + name + engine.fileSuffix
    return try FileSystem.kind(path) == .missing ? nil : path
  }

  /// Refuses what is no store of this engine to open: missing, a link, or cut since its clean close.
  func checkStore(_ engine: Engine, _ manifest: JobManifest) throws(PersistencyError) {
    let path = storePath(engine)
    switch try FileSystem.kind(path) {
    case .file, .folder: break
    case .missing:
      throw PersistencyError(
        .corrupted,
        "job “\(id)” has a manifest, but its store \(path) is missing; restore it from a backup, or drop the job")
    case .symlink, .other:
      throw PersistencyError(
        .corrupted, "\(path) is a link or a special file, not a store; move it away, and put the store itself there")
    }
    guard !engine.capabilities.openFormat, let clean = manifest.clean else { return }
    let size = try dataBytes(engine)
    if let before = clean.dataBytes, size < before {
      throw PersistencyError(
        .corrupted, "\(path) has \(size) bytes, but had \(before) when it was closed; restore it from a backup")
    }
  }

  /// The lengths of the store's files together, but for those that the engine can do without.
  func dataBytes(_ engine: Engine) throws(PersistencyError) -> Int {
    try Self.dataBytes(storePath(engine), engine)
  }

  /// The same of a store that is not the job's yet.
  static func dataBytes(_ path: String, _ engine: Engine) throws(PersistencyError) -> Int {
    var bytes = try FileSystem.size(path).apparent
    guard try FileSystem.kind(path) == .folder else { return bytes }
    for name in try FileSystem.names(in: path) where engine.isExpendable(name) {
      bytes -= try FileSystem.size(path + "/" + name).apparent
    }
    return bytes
  }

  // MARK: Changing

  /// Gives an original's file the name that this library gives it.
  ///
  /// The file goes last: cut short, the next opening finds it where it was, and completes the rest.
  func adopt(_ path: String, as engine: Engine) throws(PersistencyError) {
    let target = storePath(engine)
    guard path != target else { return }
    for sidecar in Self.sidecars where try FileSystem.kind(path + sidecar) == .file {
      try FileSystem.move(path + sidecar, to: target + sidecar)
    }
    try FileSystem.syncFolder(of: target)
    try FileSystem.move(path, to: target)
    try FileSystem.syncFolder(of: target)
  }

  /// Gives a file that was not adopted after all its own name back; here it goes first, for the same reason.
  func giveBack(_ path: String, as engine: Engine) throws(PersistencyError) {
    let target = storePath(engine)
    guard path != target else { return }
    try FileSystem.move(target, to: path)
    // Where that fails, for want of a descriptor say, the log still belongs beside its file.
    try? FileSystem.syncFolder(of: target)
    for sidecar in Self.sidecars where try FileSystem.kind(target + sidecar) == .file {
      try FileSystem.move(target + sidecar, to: path + sidecar)
    }
    try FileSystem.syncFolder(of: target)
  }

  func removeStore(_ suffix: String) throws(PersistencyError) {
    try FileSystem.remove(base + suffix)
    for sidecar in Self.sidecars { try FileSystem.remove(base + suffix + sidecar) }
  }

  /// Makes the store, which is not open, survive a power loss.
  func syncStore(_ engine: Engine) throws(PersistencyError) {
    let path = storePath(engine)
    guard try FileSystem.kind(path) != .missing else { return }
    try FileSystem.sync(path)
    for sidecar in Self.sidecars where try FileSystem.kind(path + sidecar) == .file {
      try FileSystem.sync(path + sidecar)
    }
    try FileSystem.syncFolder(of: path)
  }

  /// Removes the job's files, the lock file excepted: unlinking it would make two owners.
  ///
  /// - Throws: `.jobNotFound` when nothing is stored, `.locked` when somebody has it open.
  func drop() throws(PersistencyError) {
    guard try manifest() != nil else {
      guard let stores = try foundRemotely()?.stores else {
        throw PersistencyError(.jobNotFound, "no job “\(id)” is stored in \(root)")
      }
      return try stores.remove(id.text, in: Set(RemoteStore.State.allCases))
    }
    let lock = try JobLock(lockPath)
    defer { lock.release() }
    guard var manifest = try manifest() else {
      throw PersistencyError(.jobNotFound, "no job “\(id)” is stored in \(root)")
    }
    _ = try suffixes(of: manifest)
    // First, because it may be open elsewhere.
    if manifest.state == .ready {
      try remote(named: manifest.engine)?.remove(id.text, in: Set(RemoteStore.State.allCases))
    }
    manifest.state = .dropping
    do throws(PersistencyError) {
      try manifest.write(to: manifestPath)
    } catch {
      // To drop a job is how one makes room.
      guard error.kind == .storageFull else { throw error }
      try manifest.overwrite(manifestPath)
    }
    try finishDrop(manifest)
  }

  /// The second half of a drop, also of one that a crash cut short.
  func finishDrop(_ manifest: JobManifest) throws(PersistencyError) {
    for other in [manifest.migration, manifest.superseded] {
      if let other { try removeRemote(other) }
    }
    for suffix in try suffixes(of: manifest) {
      try removeStore(suffix)
      try removeStore(Self.compactedMark + suffix)
    }
    // The manifest goes last, on the disk too: a store without one might be adopted.
    try FileSystem.syncFolder(of: manifestPath)
    try FileSystem.remove(manifestPath)
    try FileSystem.syncFolder(of: manifestPath)
  }

  private func suffix(of engine: String) -> String? {
    engines.first { $0.name == engine }?.fileSuffix ?? Self.knownSuffixes[engine]
  }

  /// The suffixes of all stores that the manifest speaks for: the job's, and what migrations left beside it.
  private func suffixes(of manifest: JobManifest) throws(PersistencyError) -> [String] {
    var suffixes = [try knownSuffix(of: manifest.engine)]
    for other in [manifest.migration, manifest.superseded] {
      if let other { suffixes.append(try knownSuffix(of: other.engine)) }
    }
    return suffixes
  }

  /// What the files of the job's store on an engine end with.
  func knownSuffix(of engine: String) throws(PersistencyError) -> String {
    if let suffix = suffix(of: engine) { return suffix }
    throw PersistencyError(
      .invalidArgument,
      "job “\(id)” has a store on engine \(engine), so its files are not known here; use a Persistency that has it, this one has \(engines.map(\.name).joined(separator: ", "))"
    )
  }

  func sizeOnDisk(_ suffix: String) throws(PersistencyError) -> Int {
    var size = try FileSystem.size(base + suffix).allocated
    for sidecar in Self.sidecars { size += try FileSystem.size(base + suffix + sidecar).allocated }
    return size
  }

  // MARK: Listing

  /// The jobs that have a store in `root`; what is not ours, half made or half dropped is passed over.
  static func jobs(in root: String, engines: [Engine]) throws(PersistencyError) -> [StoredJob] {
    var jobs: [StoredJob] = []
    for name in try FileSystem.names(in: root) where name.hasSuffix(manifestSuffix) {
      guard let manifest = try? JobManifest.read(root + "/" + name), manifest.state == .ready,
        let id = try? JobID(manifest.id), id.fileName + manifestSuffix == name
      else { continue }
      let files = StoredFiles(root: root, id: id, engines: engines)
      if try files.remote(named: manifest.engine) == nil { jobs.append(try files.storedJob(manifest)) }
    }
    return jobs + (try remoteJobs(in: root, engines: engines, besides: jobs))
  }

  private func storedJob(_ manifest: JobManifest) throws(PersistencyError) -> StoredJob {
    let bytes = try suffix(of: manifest.engine).map { suffix throws(PersistencyError) in try sizeOnDisk(suffix) }
    // A job that was closed cleanly is not asked for its lock: even a glance at it could disturb who is opening it.
    let holder = manifest.clean == nil ? try JobLock.holder(lockPath) : nil
    return StoredJob(
      id: id.text, engine: manifest.engine, bytesOnDisk: bytes ?? 0,
      durability: Durability(rawValue: manifest.durability),
      use: manifest.clean != nil ? .closed : holder == nil ? .unclean : .open, process: holder?.process,
      superseded: manifest.superseded?.engine)
  }
}
