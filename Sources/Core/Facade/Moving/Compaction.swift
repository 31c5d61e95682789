/// A copy of a closed job's store without its free space, which takes the store's place.
struct Compaction {
  let files: StoredFiles
  let engine: Engine

  /// - Returns: Bytes given back.
  func run(_ control: MoveControl) throws(PersistencyError) -> Int {
    let lock = try JobLock(files.lockPath)
    defer { lock.release() }
    var manifest = try files.readyManifest()
    // A copy that a crash cut short.
    try files.removeStore(files.compactedSuffix(engine))
    let before = try files.sizeOnDisk(engine.fileSuffix)
    guard try copy(ifOver: before, control) else { return 0 }
    let after = try files.sizeOnDisk(files.compactedSuffix(engine))
    guard after < before else {
      try files.removeStore(files.compactedSuffix(engine))
      return 0
    }
    // From here on the copy is the job's store, whatever happens.
    manifest.isCompacted = true
    try manifest.write(to: files.manifestPath)
    _ = try files.finishCompaction(manifest, engine)
    return before - after
  }

  /// Makes the copy, if it is worth it.
  ///
  /// - Returns: Whether it is there, and equal.
  private func copy(ifOver before: Int, _ control: MoveControl) throws(PersistencyError) -> Bool {
    let source = try engine.open(
      files.storePath(engine), StoreOptions(access: .readOnly, mustExist: true))
    defer { source.close() }
    try control.countRows(of: source)
    let digest = try ContentDigest.of(source, .counting, control)
    // Half as much again as the rows, and what a row, a file and a page more may cost, is nothing to write home about.
    let usual = digest.bytes + digest.rows * 32 + (1 << 20)
    guard before > usual + usual / 2, let store = source as? any KvMaintenance else { return false }
    do throws(PersistencyError) {
      try store.backup(to: files.compactedPath(engine))
      let copy = try engine.open(
        files.compactedPath(engine), StoreOptions(durability: engine.fillDurability, mustExist: true))
      defer { copy.close() }
      let found = try ContentDigest.of(copy, .verifying, control)
      guard found == digest else {
        throw PersistencyError(.corrupted, "the compacted copy (\(found)) is not what the job holds (\(digest))")
      }
      copy.close()
      try FileSystem.sync(files.compactedPath(engine))
      return true
    } catch {
      try? files.removeStore(files.compactedSuffix(engine))
      throw error
    }
  }
}

extension StoredFiles {
  /// What the file name of a compacted copy ends with; no id's file name has this escape in it.
  func compactedSuffix(_ engine: Engine) -> String { Self.compactedMark + engine.fileSuffix }

  /// Puts a compacted copy in the store's place; cut short at any point, it is done again.
  ///
  /// - Returns: The manifest as it is then.
  func finishCompaction(_ manifest: JobManifest, _ engine: Engine) throws(PersistencyError) -> JobManifest {
    if try FileSystem.kind(compactedPath(engine)) != .missing {
      try removeStore(engine.fileSuffix)
      try FileSystem.move(compactedPath(engine), to: storePath(engine))
      try FileSystem.syncFolder(of: manifestPath)
    }
    var manifest = manifest
    manifest.isCompacted = nil
    manifest.clean = .init(dataBytes: try dataBytes(engine))
    try manifest.write(to: manifestPath)
    return manifest
  }
}
