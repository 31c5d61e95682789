public import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension SQLiteBackend {
  /// An empty store that leaves nothing behind, for tests.
  ///
  /// SQLite's own in-memory databases have no log, so that readers and the writer would block one another. This one
  /// keeps the whole contract: it is a `.volatile` store in a folder of its own, in memory where the system has a file
  /// system there (`/dev/shm`), else among the temporary files. Closing it removes the folder; a process that is
  /// killed leaves it.
  public static func inMemory(options: SQLiteOptions = .init()) throws(PersistencyError) -> SQLiteBackend {
    let folder = try scratchFolder()
    do throws(PersistencyError) {
      return SQLiteBackend(
        try SQLiteStore.open(
          folder + "/memory.db", StoreOptions(durability: .volatile), options, isScratch: true))
    } catch {
      rmdir(folder)
      throw error
    }
  }

  private static func scratchFolder() throws(PersistencyError) -> String {
    let named = getenv("TMPDIR").map { String(cString: $0) }
    for parent in ["/dev/shm", named, "/tmp"].compactMap(\.self) where access(parent, W_OK) == 0 {
      var template = Array((parent + "/persistency-XXXXXX").utf8CString)
      let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
      if made { return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) }
    }
    throw PersistencyError(
      .backend, "no folder for temporary files can be written; set TMPDIR", backendCode: Int(errno))
  }
}
