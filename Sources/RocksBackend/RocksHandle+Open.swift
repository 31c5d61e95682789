#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension RocksHandle {
  /// A store that has been opened, and what the backend has to know of how.
  struct Opened {
    let handle: RocksHandle
    let claim: StoreRegistry.Claim
    /// The disk was full: the store can be read, and takes writes again once there is room.
    let isFull: Bool
  }

  /// Opens the store at `path`, or makes it where that is allowed; what fails changes nothing.
  static func open(
    _ path: String, _ store: StoreOptions, _ options: RocksOptions
  ) throws(PersistencyError) -> Opened {
    try options.check()
    let folder = RocksFolder(path: try clean(path))
    let settings = RocksSettings(options: options, durability: store.durability)
    let (claim, state) = try StoreRegistry.claim(folder.path) { () throws(PersistencyError) in
      try prepare(folder, store)
    }
    let logs = folder.oldLogs()
    do throws(PersistencyError) {
      switch (store.access, state) {
      case (.readOnly, _):
        let db = try settings.openBesideWriter(folder, .read).orThrow("opening \(folder.path)")
        return Opened(handle: RocksHandle(db, folder, settings, takesWrites: false), claim: claim, isFull: false)
      case (.readWrite, .store):
        let (db, isFull) = try openStore(folder, settings)
        return Opened(handle: RocksHandle(db, folder, settings, takesWrites: !isFull), claim: claim, isFull: isFull)
      case (.readWrite, _):
        let db = try settings.open(folder.path, .create).orThrow("making \(folder.path)")
        return Opened(handle: RocksHandle(db, folder, settings, takesWrites: true), claim: claim, isFull: false)
      }
    } catch {
      folder.takeBackLog(logs)
      // While the claim is held, what is there is what was made here.
      if state == .absent && error.kind != .locked { folder.discard() }
      StoreRegistry.release(claim)
      throw error
    }
  }

  /// What was in the folder; now it is there.
  private static func prepare(
    _ folder: RocksFolder, _ store: StoreOptions
  ) throws(PersistencyError) -> RocksFolder.State {
    let state = try folder.examine()
    if state != .store {
      if store.mustExist || store.access == .readOnly {
        throw PersistencyError(
          .corrupted, "\(folder.path) holds no RocksDB store, or was emptied; restore it from a backup")
      }
      if state == .absent { try folder.create() } else { try folder.adopt() }
    }
    if store.access == .readWrite { folder.makePrivate() }
    return state
  }

  private static func openStore(
    _ folder: RocksFolder, _ settings: RocksSettings
  ) throws(PersistencyError) -> (OpaquePointer, isFull: Bool) {
    switch settings.openMending(folder) {
    case .success(let db): return (db, false)
    case .failure(let failure) where failure.isFull:
      return (try settings.open(folder.path, .read).orThrow("opening \(folder.path) on a full disk"), true)
    case .failure(let failure): throw failure.error("opening \(folder.path)", opening: true)
    }
  }

  /// The path as it is examined and opened: without the slash at its end, which would follow a link.
  private static func clean(_ path: String) throws(PersistencyError) -> String {
    var utf8 = Array(path.utf8)
    if utf8.isEmpty || utf8.contains(0) {
      throw PersistencyError(.invalidArgument, "the path of a store is empty or holds a NUL byte")
    }
    while utf8.count > 1, utf8.last == UInt8(ascii: "/") { utf8.removeLast() }
    return String(decoding: utf8, as: UTF8.self)
  }
}

extension RocksSettings {
  /// Opens for reading while a writer may be removing files: one that vanishes during the open means to look again.
  func openBesideWriter(_ folder: RocksFolder, _ mode: Mode) -> Result<OpaquePointer, RocksFailure> {
    var result = open(folder.path, mode)
    for attempt in 0..<12 {
      guard case .failure(let failure) = result, failure.isOfMissingFile else { break }
      usleep(1_000 << UInt32(min(attempt, 5)))
      result = open(folder.path, mode)
    }
    return result
  }
}

extension Result where Success == OpaquePointer, Failure == RocksFailure {
  fileprivate func orThrow(_ doing: String) throws(PersistencyError) -> OpaquePointer {
    switch self {
    case .success(let db): return db
    case .failure(let failure): throw failure.error(doing, opening: true)
    }
  }
}
