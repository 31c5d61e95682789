import CPersistencySQLite
import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One SQLite connection and its prepared statements; every unsafe pointer of this adapter lives here.
final class SQLiteConnection: @unchecked Sendable {
  // Sendable: opened without SQLite's own mutex, and used by one thread at a time: by whoever took it out of the
  // `SQLiteReaders`, or holds the lock of the `SQLiteWriter`. Both hand it on under a mutex.
  private let database: OpaquePointer
  private let path: String
  /// By the raw value of their ``Query``.
  private let statements = UnsafeMutablePointer<OpaquePointer?>.allocate(capacity: Query.allCases.count)
  /// What the log hook last reported, in a place that does not move.
  private let hooked = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
  /// The state a reader keeps its transaction on, or saw last; see `SQLiteReaders`.
  @exclusivity(unchecked) var kept: SQLiteReaders.Stamp?
  @exclusivity(unchecked) var seen: SQLiteReaders.Stamp?

  // MARK: Lifecycle

  /// Opens `location`: a path, or a `file:` URI about it.
  init(_ location: String, path: String, flags: Int32, busyMilliseconds: Int32) throws(PersistencyError) {
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(location, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let opened else {
      let error = Self.error(opened, code, "opening \(path)")
      sqlite3_close(opened)
      hooked.deallocate()
      statements.deallocate()
      throw error
    }
    database = opened
    self.path = path
    hooked.initialize(to: 0)
    statements.initialize(repeating: nil, count: Query.allCases.count)
    sqlite3_extended_result_codes(database, 1)
    sqlite3_busy_timeout(database, busyMilliseconds)
    for (option, on) in [(SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)] as [(Int32, Int32)] {
      _ = persistency_sqlite_configure(database, option, on)
    }
  }

  /// Finalizes every statement and closes; nothing may be used afterwards.
  ///
  /// - Parameter checkpoint: Lets the last connection of all empty the log into the file, and remove it.
  func close(checkpoint: Bool) {
    for query in Query.allCases { sqlite3_finalize(statements[query.rawValue]) }
    statements.deallocate()
    _ = persistency_sqlite_configure(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, checkpoint ? 0 : 1)
    sqlite3_close(database)
    hooked.deallocate()
  }

  /// Whether SQLite opened the file for reading only, which it does without a word where it may not write.
  var isReadOnly: Bool { sqlite3_db_readonly(database, "main") != 0 }

  /// Runs statements that give no rows that matter.
  func execute(_ sql: String) throws(PersistencyError) {
    let code = sqlite3_exec(database, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure("running \"\(sql)\" on") }
  }

  /// The first column of the first row, as text; nil without a row.
  func text(_ sql: String) throws(PersistencyError) -> String? {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else {
      throw failure("preparing \"\(sql)\" on")
    }
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? ""
    case SQLITE_DONE: return nil
    default: throw failure("running \"\(sql)\" on")
    }
  }

  /// Writes a compact copy of the state at its begin to a file that is not there.
  ///
  /// - Parameter isStopped: Asked every few thousand steps; ends it, with an error.
  func vacuum(into path: String, unless isStopped: () -> Bool) throws(PersistencyError) {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    let code = path.withCString { path in
      withoutActuallyEscaping(isStopped) { isStopped in
        var isStopped = isStopped
        return withUnsafeMutablePointer(to: &isStopped) { place in
          sqlite3_progress_handler(
            database, 10_000, { $0?.assumingMemoryBound(to: (() -> Bool).self).pointee() == true ? 1 : 0 }, place)
          defer { sqlite3_progress_handler(database, 0, nil, nil) }
          var code = sqlite3_prepare_v2(database, "VACUUM INTO ?1", -1, &statement, nil)
          if code == SQLITE_OK { code = sqlite3_bind_text(statement, 1, path, -1, nil) }
          return code == SQLITE_OK ? sqlite3_step(statement) : code
        }
      }
    }
    guard code == SQLITE_DONE else { throw failure("copying to \(path) from") }
  }

  func number(_ pragma: String) throws(PersistencyError) -> Int {
    Int(try text("PRAGMA \(pragma)") ?? "") ?? 0
  }

  /// Runs a query and hands over the text of its first columns, row by row.
  func eachText(_ sql: String, columns: Int, _ body: ([String]) -> Void) throws(PersistencyError) {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else {
      throw failure("preparing \"\(sql)\" on")
    }
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        body((0..<columns).map { sqlite3_column_text(statement, Int32($0)).map { String(cString: $0) } ?? "" })
      case SQLITE_DONE: return
      default: throw failure("running \"\(sql)\" on")
      }
    }
  }

  // MARK: Transactions

  /// Whether no transaction is open.
  var isIdle: Bool { sqlite3_get_autocommit(database) != 0 }

  /// Runs a statement without parameters or rows.
  func run(_ query: Query) throws(PersistencyError) {
    let statement = try prepared(query)
    let code = sqlite3_step(statement)
    guard code == SQLITE_DONE else {
      let error = failure(query.action)
      sqlite3_reset(statement)
      throw error
    }
    sqlite3_reset(statement)
  }

  /// Undoes an open transaction; false if one is open still.
  func rollback() -> Bool {
    if isIdle { return true }
    do throws(PersistencyError) { try run(.rollback) } catch { return isIdle }
    return isIdle
  }

  /// How many rows the last statement removed or stored.
  var changes: Int { Int(sqlite3_changes64(database)) }

  // MARK: The log

  /// From now on commits note the length of the log, in frames, and none of them checkpoints.
  func watchLog() {
    sqlite3_wal_hook(
      database,
      { place, _, _, frames in
        place?.assumingMemoryBound(to: Int32.self).pointee = frames
        return SQLITE_OK
      }, hooked)
  }

  /// The frames in the log after the last commit, or 0 if it wrote none; asking forgets them.
  func takeFrames() -> Int {
    defer { hooked.pointee = 0 }
    return Int(hooked.pointee)
  }

  /// Moves what it can of the log into the file without waiting for anyone.
  ///
  /// - Parameter truncate: Empties the log's file too, if no reader is in the way.
  /// - Returns: Whether all of the log was moved.
  func checkpoint(truncate: Bool, busyMilliseconds: Int32) throws(PersistencyError) -> Bool {
    var frames: Int32 = 0
    var moved: Int32 = 0
    sqlite3_busy_timeout(database, 0)
    defer { sqlite3_busy_timeout(database, busyMilliseconds) }
    let mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
    let code = sqlite3_wal_checkpoint_v2(database, nil, mode, &frames, &moved)
    guard code == SQLITE_OK || code & 0xff == SQLITE_BUSY else { throw failure("checkpointing") }
    return code == SQLITE_OK && frames == moved
  }

  // MARK: Statements

  /// The statement, prepared at its first use and kept until ``close(checkpoint:)``.
  func prepared(_ query: Query) throws(PersistencyError) -> OpaquePointer {
    if let statement = statements[query.rawValue] { return statement }
    var statement: OpaquePointer?
    let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
    guard sqlite3_prepare_v3(database, query.sql, -1, flags, &statement, nil) == SQLITE_OK, let statement else {
      throw failure(query.action)
    }
    statements[query.rawValue] = statement
    return statement
  }

  /// The connection's last error; to be asked before anything else is called on it.
  func failure(_ action: String) -> PersistencyError {
    Self.error(database, sqlite3_extended_errcode(database), "\(action) \(path)")
  }

  private static func error(_ database: OpaquePointer?, _ code: Int32, _ action: String) -> PersistencyError {
    // Opening reports primary codes only; the handle, where there is one, has the whole.
    let whole = database.map { sqlite3_extended_errcode($0) } ?? code
    let text = database.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
    let kept = database.map { sqlite3_system_errno($0) } ?? 0
    // Of a log write that failed at a commit SQLite keeps none, and then it is still where the system call left it.
    let system = kept == 0 && whole == SQLiteError.ioWrite ? errno : kept
    return SQLiteError.error(code: whole == SQLITE_OK ? code : whole, system: system, text: text, action: action)
  }
}

extension Query {
  /// What was being done, for an error's message.
  var action: String {
    switch self {
    case .put, .delete, .deleteFrom, .deleteBetween: "writing"
    case .begin, .beginImmediate: "beginning a transaction on"
    case .commit: "committing to"
    case .rollback: "rolling back"
    default: "reading"
    }
  }
}
