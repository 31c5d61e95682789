/// What a job holds beside its backend while it is open: the lock, and the manifest it will record the close in.
struct OpenStore: Sendable {
  let files: StoredFiles
  let engine: Engine
  /// Nil for a job that is open read-only where others may write.
  let lock: JobLock?
  /// Read-only jobs leave no trace.
  let isReadOnly: Bool
  let manifest: JobManifest
  /// Nil for a store that has no file.
  let place: StorePlace?

  init(files: StoredFiles, engine: Engine, lock: JobLock?, isReadOnly: Bool = false, manifest: JobManifest) {
    self.files = files
    self.engine = engine
    self.lock = lock
    self.isReadOnly = isReadOnly
    self.manifest = manifest
    place = StorePlace(files.storePath(engine))
  }

  /// Records a clean close, after the backend freed its files; then lets go of the job.
  ///
  /// - Parameter isTrusted: Whether every commit had a known outcome; without that the close is not called clean.
  func close(isTrusted: Bool) throws(PersistencyError) {
    defer { lock?.release() }
    guard !isReadOnly, isTrusted else { return }
    // Nothing is recorded of a store that is not there.
    try place?.check()
    // The engine may have left writes of this level in the page cache; a clean record may not outlive them.
    if manifest.durability == Durability.volatile.rawValue { try files.syncStore(engine) }
    // What migrations left beside the store may have been discarded while it was open.
    var manifest = (try? files.manifest()) ?? manifest
    manifest.clean = .init(dataBytes: try files.dataBytes(engine))
    try manifest.write(to: files.manifestPath)
  }
}
