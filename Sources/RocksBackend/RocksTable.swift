import CPersistencyRocksDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A table made outside the database, row by row in rising order, which the database then takes over as it is.
///
/// Rows that come in order need no log, no memtable and no merging: they cost less than half of what a write does.
final class RocksTable {
  /// Bytes of rows after which a table is full: half of what RocksDB's own tables have, so that what is not durable yet stays little.
  static let usualBytes = 32 << 20

  let path: String
  /// Bytes of the rows so far.
  private(set) var bytes = 0
  /// The file stays when this goes: the database may need it at its next opening (``RocksSettings/openMending(_:)``).
  var isKept = false
  private let writer: OpaquePointer
  private let environment: OpaquePointer
  private let settings: OpaquePointer

  /// Makes the file.
  init(_ path: String, _ described: RocksSettings) throws(RocksFailure) {
    self.path = path
    settings = rocksdb_options_create()
    described.describe(settings, .write)
    environment = rocksdb_envoptions_create()
    writer = rocksdb_sstfilewriter_create(environment, settings)
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_sstfilewriter_open(writer, path, &text)
    try Self.check(text)
  }

  /// Removes the file, of which the database has a name of its own if it took it over.
  deinit {
    rocksdb_sstfilewriter_destroy(writer)
    rocksdb_envoptions_destroy(environment)
    rocksdb_options_destroy(settings)
    if !isKept { unlink(path) }
  }

  /// Adds rows, the first of which comes after the last one.
  func append(_ rows: [RawRow]) throws(RocksFailure) {
    // In the span, so that no row is copied out of the array.
    let rows = rows.span
    for index in rows.indices { try append(rows[index]) }
  }

  @inline(__always)
  private func append(_ row: borrowing RawRow) throws(RocksFailure) {
    var text: UnsafeMutablePointer<CChar>?
    RocksLayout.withStoredKey(row.category, row.key) { stored in
      row.payload.withUnsafeBytes { payload in
        rocksdb_sstfilewriter_put(writer, stored.chars, stored.count, payload.chars, payload.count, &text)
        bytes += stored.count + payload.count
      }
    }
    try Self.check(text)
  }

  /// Ends the table; it is on the disk then.
  func finish() throws(RocksFailure) {
    var text: UnsafeMutablePointer<CChar>?
    rocksdb_sstfilewriter_finish(writer, &text)
    try Self.check(text)
  }

  private static func check(_ text: UnsafeMutablePointer<CChar>?) throws(RocksFailure) {
    if let text { throw RocksFailure(taking: text) }
  }
}

extension RocksHandle {
  /// Has the database take over a table that is finished; under the write lock.
  func ingest(_ table: RocksTable) throws(PersistencyError) -> RocksFailure? {
    let options = rocksdb_ingestexternalfileoptions_create()
    defer { rocksdb_ingestexternalfileoptions_destroy(options) }
    // By another name for the same file, rather than a copy.
    rocksdb_ingestexternalfileoptions_set_move_files(options, 1)
    let db = try database()
    var text: UnsafeMutablePointer<CChar>?
    table.path.withCString { path in
      var files: [UnsafePointer<CChar>?] = [path]
      rocksdb_ingest_external_file(db, &files, files.count, options, &text)
    }
    table.isKept = text != nil
    return text.map(failed)
  }
}

// When the sync of the manifest fails, RocksDB takes a table that it was to take over for refused, and removes it. But the manifest may
// name it all the same, and then the database does not open any more. So the file is kept by the name it was made under, until
// an opening has shown whether it is missing.

extension RocksSettings {
  /// Opens to write; where a table is missing that an import which failed has kept, puts it in its place.
  func openMending(_ folder: RocksFolder) -> Result<OpaquePointer, RocksFailure> {
    var result = open(folder.path, .write)
    for draft in folder.drafts() {
      guard case .failure(let failure) = result, let table = failure.missingTable,
        folder.link(draft, as: table)
      else { break }
      result = open(folder.path, .write)
      // RocksDB compares sizes and the ids of tables: it takes no other for this one.
      if case .failure(let failure) = result, !failure.isOfMissingFile { folder.remove(table) }
    }
    if case .success = result { folder.drafts().forEach(folder.remove) }
    return result
  }
}

extension RocksFailure {
  /// The name of the table that the manifest has and the folder has not; nil for any other failure.
  ///
  /// RocksDB looks for a name with `.sst`, and then for one with `.ldb`, which it tells.
  fileprivate var missingTable: String? {
    guard isOfMissingFile, let end = text.firstRange(of: ".ldb: ") ?? text.firstRange(of: ".sst: ") else { return nil }
    let digits = text[..<end.lowerBound].reversed().prefix { $0.isASCII && $0.isNumber }
    return digits.isEmpty ? nil : String(digits.reversed()) + ".sst"
  }
}

extension RocksFolder {
  private static let draftPrefix = "import-"
  private static let draftSuffix = ".dbtmp"

  /// Where a table can be made; RocksDB leaves files of such names alone.
  func newDraft() -> String { "\(path)/\(Self.draftPrefix)\(RocksShared.process.nextNumber())\(Self.draftSuffix)" }

  /// The tables that imports which failed, or whose process died, have left.
  fileprivate func drafts() -> [String] {
    ((try? names()) ?? []).filter { $0.hasPrefix(Self.draftPrefix) && $0.hasSuffix(Self.draftSuffix) }
  }

  fileprivate func link(_ name: String, as other: String) -> Bool {
    linkat(AT_FDCWD, path + "/" + name, AT_FDCWD, path + "/" + other, 0) == 0
  }

  fileprivate func remove(_ name: String) { unlink(path + "/" + name) }
}
