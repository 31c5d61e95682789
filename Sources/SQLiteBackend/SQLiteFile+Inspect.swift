import CPersistencySQLite
import PersistencyCore

/// What a file turned out to be.
enum SQLiteContent {
  /// Nothing yet: no bytes, or a database without tables.
  case nothing
  case store
}

// The file is looked at before it is opened for good, in ways that change nothing: a file that is not ours keeps its
// bytes, and gets no files beside it.

extension SQLiteFile {
  /// Judges the file that nobody in this process has open.
  ///
  /// - Throws: `.corrupted` for a damaged or foreign file, `.unsupported` for one of a newer version.
  func inspect(
    size: Int, access: StoreAccess, busyMilliseconds: Int32
  ) throws(PersistencyError) -> SQLiteContent {
    let logged = (try self.size(of: log) ?? 0) > 0
    if size == 0 {
      if logged {
        throw PersistencyError(
          .corrupted, "\(path) is empty, but has a log beside it: it was emptied; restore it from a backup")
      }
      return .nothing
    }
    let unfinished = try hasUnfinishedJournal()
    try judgeHeader(size: size, whole: !logged && !unfinished)
    if access == .readOnly && logged { return .store }
    do throws(PersistencyError) {
      return logged ? try judgeWithLog(busyMilliseconds) : try judgeAtRest(busyMilliseconds)
    } catch {
      // Half of an unfinished transaction may look like damage; SQLite undoes it first, then it is judged again.
      if unfinished && error.backendCode != nil { return .store }
      throw error
    }
  }

  /// Judges by the first 100 bytes; what a log says instead is judged afterwards.
  private func judgeHeader(size: Int, whole: Bool) throws(PersistencyError) {
    let bytes = try header()
    guard bytes.count == 100, bytes.starts(with: Array("SQLite format 3\u{0}".utf8)) else {
      throw PersistencyError(
        .corrupted, "\(path) is no SQLite file; restore it from a backup, or move it away",
        backendCode: Int(SQLITE_NOTADB))
    }
    func number(_ offset: Int) -> Int {
      bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    let stored = Int(bytes[16]) << 8 | Int(bytes[17])
    let pageBytes = stored == 1 ? 65_536 : stored
    // The count of pages is good if it was written with the last change.
    if whole, number(24) == number(92), number(28) * pageBytes > size {
      throw PersistencyError(
        .corrupted,
        "\(path) has \(size) bytes, but its header says \(number(28) * pageBytes): it was cut; restore it from a backup"
      )
    }
    guard whole else { return }
    try Self.judge(path, applicationID: number(68), version: number(60))
  }

  /// Reads a file without a log as one that does not change: no lock, and no file beside it.
  private func judgeAtRest(_ busyMilliseconds: Int32) throws(PersistencyError) -> SQLiteContent {
    let connection = try SQLiteConnection(
      fixedLocation, path: path, flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, busyMilliseconds: busyMilliseconds)
    defer { connection.close(checkpoint: false) }
    return try connection.judge(path)
  }

  /// Reads a file with its log, having it alone: the log's index is then in memory instead of a file.
  private func judgeWithLog(_ busyMilliseconds: Int32) throws(PersistencyError) -> SQLiteContent {
    let connection = try SQLiteConnection(
      path, path: path, flags: SQLITE_OPEN_READWRITE, busyMilliseconds: 0)
    defer { connection.close(checkpoint: false) }
    do throws(PersistencyError) {
      try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
      return try connection.judge(path)
    } catch {
      guard error.kind == .locked else { throw error }
    }
    // Another process has it open, and with it the index: there is nothing to leave behind.
    let beside = try SQLiteConnection(
      path, path: path, flags: SQLITE_OPEN_READWRITE, busyMilliseconds: busyMilliseconds)
    defer { beside.close(checkpoint: false) }
    return try beside.judge(path)
  }

  /// A URI of the file as one that nobody changes.
  var fixedLocation: String {
    let digits = Array("0123456789ABCDEF".utf8)
    var uri = Array("file:".utf8)
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
        UInt8(ascii: "_"):
        uri.append(byte)
      default: uri += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: uri, as: UTF8.self) + "?immutable=1"
  }

  static func judge(_ path: String, applicationID: Int, version: Int) throws(PersistencyError) {
    guard applicationID == SQLiteLayout.applicationID else {
      throw PersistencyError(
        .corrupted, "\(path) is another program's: its application id is \(applicationID); move it away")
    }
    guard version <= SQLiteLayout.version, version >= 0 else {
      throw PersistencyError(
        .unsupported,
        "\(path) is of version \(version), and this library reads up to \(SQLiteLayout.version): "
          + "a release that knows version \(version) is needed")
    }
  }
}

extension SQLiteConnection {
  /// Says whether the open file is a store, or empty.
  ///
  /// - Throws: `.corrupted` for another program's file, `.unsupported` for a newer version.
  func judge(_ path: String) throws(PersistencyError) -> SQLiteContent {
    var objects: [[String]] = []
    try eachText(Query.schema.sql, columns: 3) { objects.append($0) }
    let version = try number("user_version")
    try SQLiteFile.judge(path, applicationID: try number("application_id"), version: version)
    if objects.isEmpty && version == 0 { return .nothing }
    guard objects.count == 1, let table = objects.first, table[0] == "table", table[1].lowercased() == "kv",
      SQLiteLayout.isSchema(table[2])
    else {
      let names = objects.map { "\($0[0]) \($0[1])" }.joined(separator: ", ")
      throw PersistencyError(
        .corrupted,
        "\(path) is no store: it should have the table kv(category, key, payload) and nothing else, "
          + "and has \(names.isEmpty ? "nothing" : names); move it away")
    }
    return .store
  }
}
