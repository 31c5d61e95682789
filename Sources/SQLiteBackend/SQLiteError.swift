import CPersistencySQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// From SQLite's result codes to ``PersistencyError``.
///
/// | SQLite | here |
/// |---|---|
/// | `FULL`; `IOERR…` with `ENOSPC`, `EDQUOT` or `EFBIG` | `.storageFull` |
/// | `BUSY`, `LOCKED` | `.locked` |
/// | `CORRUPT…`, `NOTADB`, `IOERR_SHORT_READ`, `READONLY_DBMOVED` | `.corrupted` |
/// | `TOOBIG` | `.invalidArgument` |
/// | `READONLY…` | `.unsupported` |
/// | `CANTOPEN`, `IOERR…` with `EMFILE` or `ENFILE` | `.backend` with that code, naming the limit |
/// | all else | `.backend` |
enum SQLiteError {
  /// What a connection takes: the file, its log, and the log's index if it is the first.
  static let neededDescriptors = 3

  /// - Parameters:
  ///   - code: The extended result code.
  ///   - system: The `errno` behind it; looked at for I/O failures only, since it is stale otherwise.
  ///   - text: SQLite's own words.
  ///   - action: What failed: "writing /path/to/store.db".
  static func error(code: Int32, system: Int32, text: String, action: String) -> PersistencyError {
    let primary = code & 0xff
    let touchedFile = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN
    let cause = touchedFile && system != 0 ? "\(text) (\(String(cString: strerror(system))))" : text
    func make(_ kind: PersistencyError.Kind, _ remedy: String) -> PersistencyError {
      PersistencyError(kind, "\(action): \(cause)\(remedy)", backendCode: Int(code))
    }
    if touchedFile {
      if let error = DescriptorLimit.error(code: system, "\(action): \(text)", needed: neededDescriptors) {
        return error
      }
      switch system {
      case ENOSPC, EDQUOT, EFBIG: return make(.storageFull, "; make room and call again")
      default: break
      }
    }
    if code == ioShortRead || code == readOnlyMoved { return make(.corrupted, damaged) }
    switch primary {
    case SQLITE_FULL: return make(.storageFull, "; make room and call again")
    case SQLITE_BUSY, SQLITE_LOCKED: return make(.locked, "; another process holds it: close it there")
    case SQLITE_CORRUPT, SQLITE_NOTADB: return make(.corrupted, damaged)
    case SQLITE_TOOBIG: return make(.invalidArgument, "; use smaller payloads")
    case SQLITE_READONLY:
      return make(
        .unsupported,
        "; the file or its folder cannot be written: give this user access, or open it with access .readOnly")
    default: return make(.backend, "; close the store and open it again")
    }
  }

  /// Whether a commit that failed so left nothing behind: the engine gave up before its last frame was written.
  ///
  /// A failed sync leaves a whole commit in the log, which may yet be found there.
  static func leavesNothing(_ error: PersistencyError) -> Bool {
    guard error.kind == .storageFull || error.kind == .locked else { return false }
    return error.backendCode != Int(ioFsync) && error.backendCode != Int(ioDirectoryFsync)
  }

  /// Whether a checkpoint that failed so may be repeated: no sync failed, and nothing was found damaged.
  static func mayCheckpointAgain(after error: PersistencyError) -> Bool {
    leavesNothing(error) || error.backendCode == Int(ioWrite)
  }

  private static let damaged = "; restore it from a backup"

  // Macros that Swift does not import: the primary code and a number eight bits up.
  private static let ioShortRead = SQLITE_IOERR | (2 << 8)
  static let ioWrite = SQLITE_IOERR | (3 << 8)
  private static let ioFsync = SQLITE_IOERR | (4 << 8)
  private static let ioDirectoryFsync = SQLITE_IOERR | (5 << 8)
  private static let readOnlyMoved = SQLITE_READONLY | (4 << 8)
}
