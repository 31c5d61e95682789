import CPersistencyRocksDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What RocksDB says went wrong.
///
/// Its C API gives text and no code, so that the text decides.
struct RocksFailure: Error {
  let text: String

  init(_ text: String) { self.text = text }

  /// Takes the text over from the C API and frees it.
  init(taking text: UnsafeMutablePointer<CChar>) {
    self.text = String(cString: text)
    rocksdb_free(text)
  }

  /// The disk, the quota or the space allowed to the store is used up, or a file may grow no further.
  var isFull: Bool { Self.full.contains(where: text.hasPrefix) || hasSuffix(EDQUOT) || isOfFileSize }
  private var isOfFileSize: Bool { hasSuffix(EFBIG) }
  /// The process, or the system, has no descriptor left; opening tells of it under other headings too.
  var isOfDescriptors: Bool { Self.shortages.contains(where: hasSuffix) }
  /// It was the last step, a sync, that failed: the bytes may be in the log all the same.
  var isOfSync: Bool { text.contains("While fsync") || text.contains("While fdatasync") || text.contains("sync_file") }
  /// A file that the manifest names is not there: damage, or a writer in another process that removed it meanwhile.
  var isOfMissingFile: Bool { text.hasPrefix("IO error: No such file") || text.contains("No such file or directory") }
  /// An iterator was told to give up after so many deleted rows, and did.
  var isIncomplete: Bool { text.hasPrefix("Result incomplete") }
  var isOfCorruption: Bool { text.hasPrefix("Corruption") }

  private static let full = [
    "IO error: No space left on device", "IO error: Space limit reached", "Space limit reached",
  ]

  // The words of `strerror` depend on the locale, and so are asked for rather than written down.
  private func hasSuffix(_ code: Int32) -> Bool { text.hasSuffix(String(cString: strerror(code))) }

  /// The error for a call that failed.
  ///
  /// `backendCode` is the `errno` that an I/O error names, else RocksDB's `Status::Code`.
  ///
  /// | text begins | kind | code |
  /// |---|---|---|
  /// | …ends with the words for EMFILE or ENFILE | `.backend`, naming the limit | that |
  /// | IO error: No space left on device; Space limit reached | `.storageFull` | 28 (ENOSPC) |
  /// | …ends with the words for EDQUOT or EFBIG | `.storageFull` | the errno |
  /// | IO error: While lock file, ending with EAGAIN or EACCES; lock hold by current process | `.locked` | 11 (EAGAIN) |
  /// | Corruption | `.corrupted` | 2 |
  /// | at open: Invalid argument; a file that is missing | `.corrupted` | 4; 2 (ENOENT) |
  /// | Not implemented | `.unsupported` | 3 |
  /// | …ends with the words for EROFS or EPERM | `.unsupported` | the errno |
  /// | IO error that names another errno | `.backend` | the errno |
  /// | anything else | `.backend` | by its first words |
  func error(
    _ doing: String, opening: Bool = false, outcome: PersistencyError.Outcome = .notApplied
  ) -> PersistencyError {
    func make(_ kind: PersistencyError.Kind, _ code: Int32, _ advice: String) -> PersistencyError {
      PersistencyError(kind, "\(doing): \(text); \(advice)", backendCode: Int(code), outcome: outcome)
    }
    for code in Self.shortages where hasSuffix(code) {
      return RocksFailure("\(doing): \(text)").outOfDescriptors(code, outcome: outcome)
    }
    if isOfFileSize {
      return make(.storageFull, EFBIG, "the process may not write files of this size; raise the limit (ulimit -f)")
    }
    if isFull { return make(.storageFull, hasSuffix(EDQUOT) ? EDQUOT : ENOSPC, "make room and try again") }
    if text.hasPrefix("IO error: While lock file") && (hasSuffix(EAGAIN) || hasSuffix(EACCES))
      || text.hasPrefix("IO error: lock hold by current process")
    {
      return make(.locked, EAGAIN, "another process or handle has the store open; close it there")
    }
    if isOfCorruption { return make(.corrupted, 2, "the store is damaged; restore it from a backup") }
    if opening && isOfMissingFile {
      return make(.corrupted, ENOENT, "a file of the store is missing; restore it from a backup")
    }
    // It tries this with a file of its own making, and takes whatever comes of it for the answer.
    if text.contains("Direct I/O is not supported") {
      return make(.backend, 4, "the folder did not take a file just now; open the store again")
    }
    if opening && text.hasPrefix("Invalid argument") {
      return make(.corrupted, 4, "these are not the files of a store of this library; move them away")
    }
    if text.hasPrefix("Not implemented") || text.hasPrefix("Not supported") {
      return make(.unsupported, 3, "this version of RocksDB, or this access mode, cannot do it; use another")
    }
    for code in [EROFS, EPERM] where hasSuffix(code) {
      return make(.unsupported, code, "the files may not be changed; open the store with access .readOnly")
    }
    for (code, advice) in Self.codes where hasSuffix(code) { return make(.backend, code, advice) }
    let code = Self.statuses.first { text.hasPrefix($0.prefix) }?.code ?? 5
    return make(.backend, code, "close the store and open it again; if it stays so, restore it from a backup")
  }

  private static let shortages = [EMFILE, ENFILE]

  /// What opening takes at most: the lock, log, manifest and folder, a table, and files that are written and renamed.
  static let neededDescriptors = 10

  func outOfDescriptors(_ code: Int32, outcome: PersistencyError.Outcome = .notApplied) -> PersistencyError {
    let error = DescriptorLimit.error(code: code, text, needed: Self.neededDescriptors)
    return PersistencyError(.backend, error?.message ?? text, backendCode: Int(code), outcome: outcome)
  }

  private static let codes: [(Int32, String)] = [
    (EACCES, "give this user access to the files"),
    (ENOENT, "a file of the store was removed; restore it from a backup"),
    (ENOMEM, "the process may not use more memory; raise the limit (ulimit -v)"),
    (EIO, "the disk failed; reopen the store once it is sound"),
  ]

  private static let statuses: [(prefix: String, code: Int32)] = [
    ("NotFound", 1), ("Invalid argument", 4), ("IO error", 5), ("Result incomplete", 7), ("Shutdown in progress", 8),
    ("Operation timed out", 9), ("Operation aborted", 10), ("Resource busy", 11), ("Operation failed", 13),
  ]
}
