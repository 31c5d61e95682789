import CPersistencyLMDB
import CPersistencySQLite
import Foundation
import Testing

@testable import PersistencyLMDB
@testable import PersistencyRocksDB
@testable import PersistencySQLite

/// What an engine says, of whatever went wrong, and which kind of error that is: many of it no test can bring about.
@Suite("Each error of an engine has its kind, its code and a remedy")
struct ErrorMappingTests {
  typealias Kind = PersistencyError.Kind

  /// Compares kind and code, and that the message says what was done, and something beside the engine's own words.
  private func expect(
    _ error: PersistencyError, _ kind: Kind, _ code: Int32, _ remedy: String,
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(error.kind == kind && error.backendCode == Int(code), "\(error)", sourceLocation: location)
    #expect(error.message.contains("opening x"), "\(error)", sourceLocation: location)
    #expect(error.message.contains(remedy), "\(error)", sourceLocation: location)
  }

  // MARK: LMDB

  @Test(
    "LMDB",
    arguments: [
      (MDB_MAP_FULL, .storageFull, "map must grow"), (ENOSPC, .storageFull, "make room"),
      (EDQUOT, .storageFull, "make room"), (EFBIG, .storageFull, "ulimit -f"),
      (MDB_CORRUPTED, .corrupted, "restore"), (MDB_PAGE_NOTFOUND, .corrupted, "restore"),
      (MDB_INVALID, .corrupted, "restore"), (MDB_BAD_TXN, .corrupted, "restore"),
      (MDB_PAGE_FULL, .corrupted, "restore"),
      (MDB_CURSOR_FULL, .corrupted, "restore"), (MDB_INCOMPATIBLE, .corrupted, "restore"),
      (MDB_BAD_VALSIZE, .corrupted, "restore"), (MDB_VERSION_MISMATCH, .unsupported, "a release that knows it"),
      (EROFS, .unsupported, ".readOnly"), (EPERM, .unsupported, ".readOnly"),
      (MDB_READERS_FULL, .backend, "maximumReaders"), (MDB_PANIC, .backend, "open it again"),
      (ENOMEM, .backend, "ulimit -v"), (EACCES, .backend, "give it access"), (EMFILE, .backend, "descriptor"),
      (ENFILE, .backend, "descriptor"), (EIO, .backend, "open it again"), (MDB_TXN_FULL, .backend, "open it again"),
    ] as [(Int32, Kind, String)])
  func lmdb(_ code: Int32, _ kind: Kind, _ remedy: String) {
    expect(lmdbError(code, "opening x"), kind, code, remedy)
    let unknown = lmdbError(code, "opening x", outcome: .unknown)
    #expect(unknown.isMapFull == (code == MDB_MAP_FULL))
    #expect(lmdbError(code, "opening x").outcome == .notApplied)
    // Where descriptors are short, nothing was begun.
    if code != EMFILE && code != ENFILE { #expect(unknown.outcome == .unknown) }
  }

  // MARK: SQLite

  /// An extended code: the primary one, and a number eight bits up.
  private static func extended(_ primary: Int32, _ number: Int32) -> Int32 { primary | number << 8 }

  @Test(
    "SQLite",
    arguments: [
      (SQLITE_FULL, 0, .storageFull, "make room"), (SQLITE_BUSY, 0, .locked, "close it there"),
      (extended(SQLITE_BUSY, 2), 0, .locked, "close it there"), (SQLITE_LOCKED, 0, .locked, "close it there"),
      (SQLITE_CORRUPT, 0, .corrupted, "restore"), (extended(SQLITE_CORRUPT, 1), 0, .corrupted, "restore"),
      (SQLITE_NOTADB, 0, .corrupted, "restore"), (SQLITE_TOOBIG, 0, .invalidArgument, "smaller"),
      (SQLITE_READONLY, 0, .unsupported, ".readOnly"), (extended(SQLITE_READONLY, 4), 0, .corrupted, "restore"),
      (extended(SQLITE_IOERR, 2), 0, .corrupted, "restore"),
      (extended(SQLITE_IOERR, 3), ENOSPC, .storageFull, "make room"),
      (extended(SQLITE_IOERR, 3), EDQUOT, .storageFull, "make room"),
      (extended(SQLITE_IOERR, 6), EFBIG, .storageFull, "make room"),
      (SQLITE_CANTOPEN, ENOSPC, .storageFull, "make room"),
      (extended(SQLITE_IOERR, 3), EIO, .backend, "open it again"), (SQLITE_CANTOPEN, EACCES, .backend, "open it again"),
      (SQLITE_NOMEM, 0, .backend, "open it again"), (SQLITE_MISUSE, 0, .backend, "open it again"),
      // What is left in errno by something else says nothing of these.
      (SQLITE_ERROR, ENOSPC, .backend, "open it again"), (SQLITE_BUSY, EMFILE, .locked, "close it there"),
    ] as [(Int32, Int32, Kind, String)])
  func sqlite(_ code: Int32, _ system: Int32, _ kind: Kind, _ remedy: String) {
    let error = SQLiteError.error(code: code, system: system, text: "its words", action: "opening x")
    expect(error, kind, code, remedy)
    #expect(error.message.contains("its words"))
  }

  @Test("SQLite without a descriptor", arguments: [EMFILE, ENFILE])
  func sqliteDescriptors(_ system: Int32) {
    let error = SQLiteError.error(code: SQLITE_CANTOPEN, system: system, text: "its words", action: "opening x")
    expect(error, .backend, system, "descriptor")
  }

  @Test("SQLite's commits that leave nothing, and checkpoints that may be repeated")
  func sqliteOutcomes() {
    func error(_ code: Int32, _ system: Int32) -> PersistencyError {
      SQLiteError.error(code: code, system: system, text: "", action: "")
    }
    for (code, system, leavesNothing, mayCheckpointAgain) in [
      (SQLITE_FULL, 0, true, true), (SQLITE_BUSY, 0, true, true), (Self.extended(SQLITE_IOERR, 3), ENOSPC, true, true),
      (Self.extended(SQLITE_IOERR, 3), EIO, false, true), (Self.extended(SQLITE_IOERR, 4), ENOSPC, false, false),
      (Self.extended(SQLITE_IOERR, 5), EDQUOT, false, false), (Self.extended(SQLITE_IOERR, 4), EIO, false, false),
      (SQLITE_CORRUPT, 0, false, false),
    ] as [(Int32, Int32, Bool, Bool)] {
      #expect(SQLiteError.leavesNothing(error(code, system)) == leavesNothing, "\(code), \(system)")
      #expect(SQLiteError.mayCheckpointAgain(after: error(code, system)) == mayCheckpointAgain, "\(code), \(system)")
    }
  }

  // MARK: RocksDB

  private static func words(_ code: Int32) -> String { String(cString: strerror(code)) }

  @Test(
    "RocksDB",
    arguments: [
      ("IO error: No space left on device: While appending", false, .storageFull, ENOSPC, "make room"),
      ("Space limit reached", false, .storageFull, ENOSPC, "make room"),
      ("IO error: Space limit reached: x", false, .storageFull, ENOSPC, "make room"),
      ("IO error: While appending to file: x: \(words(EDQUOT))", false, .storageFull, EDQUOT, "make room"),
      ("IO error: While appending to file: x: \(words(EFBIG))", false, .storageFull, EFBIG, "ulimit -f"),
      ("IO error: While lock file: x/LOCK: \(words(EAGAIN))", true, .locked, EAGAIN, "close it there"),
      ("IO error: While lock file: x/LOCK: \(words(EACCES))", true, .locked, EAGAIN, "close it there"),
      ("IO error: lock hold by current process, acquire time 1", true, .locked, EAGAIN, "close it there"),
      ("Corruption: block checksum mismatch", false, .corrupted, 2, "restore"),
      ("IO error: No such file or directory: While open x", true, .corrupted, ENOENT, "restore"),
      ("Invalid argument: x: does not match existing comparator", true, .corrupted, 4, "move them away"),
      ("Invalid argument: Direct I/O is not supported by the specified DB", true, .backend, 4, "open the store again"),
      ("Invalid argument: x", false, .backend, 4, "open it again"),
      ("Not implemented: x", false, .unsupported, 3, "use another"),
      ("Not supported: x", false, .unsupported, 3, "use another"),
      ("IO error: While open a file: x: \(words(EROFS))", true, .unsupported, EROFS, ".readOnly"),
      ("IO error: While rename a file: x: \(words(EPERM))", true, .unsupported, EPERM, ".readOnly"),
      ("IO error: While open a file: x: \(words(EACCES))", true, .backend, EACCES, "give this user access"),
      ("IO error: While open a file: x: \(words(ENOENT))", false, .backend, ENOENT, "restore"),
      ("IO error: While mmap: x: \(words(ENOMEM))", false, .backend, ENOMEM, "ulimit -v"),
      ("IO error: While fdatasync: x: \(words(EIO))", false, .backend, EIO, "the disk failed"),
      ("IO error: While open a file: x: \(words(EMFILE))", true, .backend, EMFILE, "descriptor"),
      ("IO error: While open a file: x: \(words(ENFILE))", false, .backend, ENFILE, "descriptor"),
      ("NotFound: x", false, .backend, 1, "open it again"), ("IO error: x", false, .backend, 5, "open it again"),
      ("Result incomplete: x", false, .backend, 7, "open it again"),
      ("Shutdown in progress: x", false, .backend, 8, "open it again"),
      ("Operation timed out: x", false, .backend, 9, "open it again"),
      ("Operation aborted: x", false, .backend, 10, "open it again"),
      ("Resource busy: x", false, .backend, 11, "open it again"),
      ("Operation failed. Try again.: x", false, .backend, 13, "open it again"),
      ("Something new", false, .backend, 5, "open it again"),
    ] as [(String, Bool, Kind, Int32, String)])
  func rocks(_ text: String, _ opening: Bool, _ kind: Kind, _ code: Int32, _ remedy: String) {
    let failure = RocksFailure(text)
    expect(failure.error("opening x", opening: opening), kind, code, remedy)
    #expect(failure.error("opening x", opening: opening, outcome: .unknown).outcome == .unknown)
    #expect(failure.isFull == (kind == .storageFull))
    #expect(failure.isOfDescriptors == (code == EMFILE || code == ENFILE))
    #expect(failure.isOfSync == text.contains("fdatasync"))
    #expect(failure.isOfCorruption == text.hasPrefix("Corruption"))
  }
}
