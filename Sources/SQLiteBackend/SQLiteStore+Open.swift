import CPersistencySQLite
import PersistencyCore

extension SQLiteStore {
  /// Opens the store at `path`, or makes it.
  static func open(
    _ path: String, _ store: StoreOptions, _ options: SQLiteOptions, isScratch: Bool = false
  ) throws(PersistencyError) -> SQLiteStore {
    let file = try SQLiteFile(path)
    let (claim, made) = try StoreRegistry.claim(file.path) { () throws(PersistencyError) in try provide(file, store) }
    do throws(PersistencyError) {
      return try open(file, made: made, store, options, claim, isScratch: isScratch)
    } catch {
      // While the claim is held, what is there is what was made here.
      if made { file.remove() }
      StoreRegistry.release(claim)
      throw error
    }
  }

  private static func open(
    _ file: SQLiteFile, made: Bool, _ store: StoreOptions, _ options: SQLiteOptions, _ claim: StoreRegistry.Claim,
    isScratch: Bool
  ) throws(PersistencyError) -> SQLiteStore {
    let size = try file.size(of: file.path) ?? 0
    let content = try file.inspect(size: size, access: store.access, busyMilliseconds: options.busyMilliseconds)
    if content == .nothing && (store.mustExist || store.access == .readOnly) {
      throw PersistencyError(.corrupted, "\(file.path) was a store, and is empty now; restore it from a backup")
    }
    if store.access == .readOnly {
      let readers = readers(file, options, beside: false)
      // The first read says whether it can be read at all.
      do throws(PersistencyError) {
        try readers.read { connection throws(PersistencyError) in
          if try connection.judge(file.path) == .nothing {
            throw PersistencyError(.corrupted, "\(file.path) was a store, and is empty now; restore it from a backup")
          }
        }
      } catch {
        readers.close()
        throw error
      }
      return SQLiteStore(file, readers, nil, store, claim, isScratch: isScratch)
    }
    // What a process that died left in the log was perhaps never synced, and counts as committed from here on.
    let logged = try file.size(of: file.log) ?? 0
    if store.durability != .volatile, made || logged > 0 { try file.sync() }
    let readers = readers(file, options, beside: true)
    let connection = try writer(file, store, options)
    let writer = SQLiteWriter(
      connection, readers, store.durability, busyMilliseconds: options.busyMilliseconds)
    return SQLiteStore(file, readers, writer, store, claim, isScratch: isScratch)
  }

  /// Sees that there is a file.
  ///
  /// - Returns: Whether it was made here.
  private static func provide(_ file: SQLiteFile, _ store: StoreOptions) throws(PersistencyError) -> Bool {
    if try file.size(of: file.path) != nil { return false }
    if store.mustExist || store.access == .readOnly {
      throw PersistencyError(.corrupted, "there is no store at \(file.path); restore it from a backup")
    }
    if try (file.size(of: file.log) ?? 0) > 0 {
      throw PersistencyError(
        .corrupted, "\(file.path) is gone, but its log is still there: \(file.log); restore both from a backup")
    }
    return try file.create()
  }

  // MARK: Connections

  /// The connection that writes, on a file that is a store from now on.
  private static func writer(
    _ file: SQLiteFile, _ store: StoreOptions, _ options: SQLiteOptions
  ) throws(PersistencyError) -> SQLiteConnection {
    let connection = try SQLiteConnection(
      file.path, path: file.path, flags: SQLITE_OPEN_READWRITE, busyMilliseconds: options.busyMilliseconds)
    do throws(PersistencyError) {
      if connection.isReadOnly {
        throw PersistencyError(
          .unsupported,
          "\(file.path) cannot be written: give this user access to it, or open it with access .readOnly")
      }
      let level =
        switch store.durability {
        case .full: "FULL"
        case .consistent: "NORMAL"
        case .volatile: "OFF"
        }
      // The full syncs are Apple's, and do nothing elsewhere. What is deleted is overwritten where that is free.
      try connection.execute(
        """
        PRAGMA page_size = \(SQLiteLayout.pageBytes); PRAGMA synchronous = \(level);
        PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA secure_delete = FAST;
        PRAGMA cell_size_check = ON; PRAGMA cache_size = -\(max(options.writerCacheBytes >> 10, 1));
        PRAGMA mmap_size = 0; PRAGMA journal_size_limit = \(32 << 20);
        """)
      // The first look at the file: a journal left behind is rolled back, and then it is judged for good.
      let content = try connection.judge(file.path)
      if content == .nothing && store.mustExist {
        throw PersistencyError(.corrupted, "\(file.path) was a store, and is empty now; restore it from a backup")
      }
      guard try connection.text("PRAGMA journal_mode = WAL") == "wal" else {
        throw PersistencyError(
          .unsupported, "\(file.path) cannot have a write-ahead log on this file system; move it to a local one")
      }
      let version = try connection.number("user_version")
      if content == .nothing || version != SQLiteLayout.version {
        // Whoever was told that there is a store finds one after a power cut, and no empty file.
        if store.durability == .consistent { try connection.execute("PRAGMA synchronous = FULL") }
        try connection.run(.beginImmediate)
        if try connection.judge(file.path) == .nothing { try connection.execute(SQLiteLayout.schema) }
        try connection.execute("PRAGMA user_version = \(SQLiteLayout.version)")
        try connection.run(.commit)
        if store.durability == .consistent { try connection.execute("PRAGMA synchronous = \(level)") }
      }
    } catch {
      _ = connection.rollback()
      // The log of a file that we refuse is not ours to move.
      connection.close(checkpoint: error.kind != .corrupted && error.kind != .unsupported)
      throw error
    }
    return connection
  }

  /// The pool of reading connections.
  ///
  /// - Parameter beside: A writer of this process is open, and closes after them.
  private static func readers(_ file: SQLiteFile, _ options: SQLiteOptions, beside: Bool) -> SQLiteReaders {
    SQLiteReaders(keeps: beside && options.keepsReadTransactions) { () throws(PersistencyError) in
      try DescriptorLimit.withRoom(for: SQLiteError.neededDescriptors, "opening \(file.path) to read") {
        () throws(PersistencyError) in try reader(file, options, beside: beside)
      }
    } shut: { connection in
      // Read-only, and last of all, it takes away the empty log that it made, but never moves one that says something.
      let size = beside ? nil : try? file.size(of: file.log)
      connection.close(checkpoint: size == 0)
    }
  }

  private static func reader(
    _ file: SQLiteFile, _ options: SQLiteOptions, beside: Bool
  ) throws(PersistencyError) -> SQLiteConnection {
    let busy = options.busyMilliseconds
    let logged = try file.size(of: file.log) ?? 0
    let fixed = !beside && logged == 0 && file.isUnchangeable
    // Opened for writing all the same: a log's readers lock, and whoever closes last cleans up. Where
    // nobody can write a file without a log does not change.
    let connection = try SQLiteConnection(
      fixed ? file.fixedLocation : file.path, path: file.path,
      flags: fixed ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE, busyMilliseconds: busy)
    do throws(PersistencyError) {
      try connection.execute(
        """
        PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0;
        PRAGMA cell_size_check = ON; PRAGMA cache_size = -\(max(options.readerCacheBytes >> 10, 1));
        """)
    } catch {
      connection.close(checkpoint: false)
      throw error
    }
    return connection
  }
}
