import CPersistencyLMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// LMDB's codes are negative, from -30799 up; positive ones are the system's `errno`.
//
//   MAP_FULL, ENOSPC, EDQUOT, EFBIG                        .storageFull
//   CORRUPTED, PAGE_NOTFOUND, INVALID, BAD_TXN, PAGE_FULL,
//   CURSOR_FULL, INCOMPATIBLE, BAD_VALSIZE                 .corrupted    what we ask for is always well-formed
//   VERSION_MISMATCH, EROFS, EPERM                         .unsupported
//   READERS_FULL, TXN_FULL, PANIC, the rest                .backend      EMFILE and ENFILE name the limit

/// The error for a code of LMDB, while `doing` ("reading", "opening …").
func lmdbError(
  _ code: Int32, _ doing: String, outcome: PersistencyError.Outcome = .notApplied
) -> PersistencyError {
  if let error = DescriptorLimit.error(code: code, "LMDB, \(doing)", needed: 3) { return error }
  let reason = String(cString: mdb_strerror(code))
  let (kind, advice) = lmdbMeaning(code)
  let hint = advice.isEmpty ? "" : "; \(advice)"
  return PersistencyError(
    kind, "LMDB, \(doing): \(reason)\(hint)", backendCode: Int(code), outcome: outcome)
}

private func lmdbMeaning(_ code: Int32) -> (PersistencyError.Kind, advice: String) {
  switch code {
  case MDB_MAP_FULL: (.storageFull, "its map must grow first; make room for it")
  case ENOSPC, EDQUOT: (.storageFull, "make room on the disk and try again")
  case EFBIG: (.storageFull, "a file size limit stands in the way; raise it (ulimit -f)")
  case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_BAD_TXN, MDB_PAGE_FULL, MDB_CURSOR_FULL,
    MDB_INCOMPATIBLE, MDB_BAD_VALSIZE:
    (.corrupted, "the store is damaged, or not ours; restore it from a backup")
  case MDB_VERSION_MISMATCH: (.unsupported, "another version of LMDB made the file; use a release that knows it")
  case EROFS: (.unsupported, "the file system is read-only; open it with access .readOnly")
  case MDB_READERS_FULL: (.backend, "too many reads at one time; raise LMDBOptions.maximumReaders")
  case MDB_PANIC: (.backend, "an earlier commit failed; close the store and open it again")
  case ENOMEM: (.backend, "no address space for the map; raise the limit (ulimit -v)")
  case EACCES: (.backend, "this user may not open the store's files; give it access")
  case EPERM: (.unsupported, "the file may not be changed; open it with access .readOnly")
  default: (.backend, "close the store and open it again")
  }
}

extension PersistencyError {
  /// A layout that this adapter never writes.
  static func lmdbLayout(_ what: String) -> PersistencyError {
    PersistencyError(.corrupted, "the LMDB store is damaged: \(what); restore it from a backup")
  }

  /// Whether a larger map would have helped.
  var isMapFull: Bool { kind == .storageFull && backendCode == Int(MDB_MAP_FULL) }
}
