import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The log on disk: a header, then one record a batch.
///
/// One at a time uses it: the store's writer lock is held around every call.
final class LogFile: Sendable {
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  /// "ROWLOG", two zeros, and the version of the format in 4 bytes.
  private static let magic = Array("ROWLOG\0\0".utf8)
  private static let version: UInt64 = 1
  private static var header: [UInt8] {
    var header = magic
    LogRecord.append(version, bytes: 4, to: &header)
    return header
  }

  // MARK: Opening

  /// Opens the log at `path`, locks it, and reads it.
  ///
  /// A tail that a crash tore is cut. After a close in good order nothing may be torn.
  ///
  /// - Returns: The file, and the rows that its records leave.
  /// - Throws: `.corrupted` for a file that is missing, emptied, foreign or damaged; `.unsupported` for a newer format;
  ///   `.locked` when another process has it.
  static func open(_ path: String, _ store: StoreOptions) throws(PersistencyError) -> (LogFile, LogRows, length: Int) {
    var status = stat()
    let isThere = lstat(path, &status) == 0
    if isThere, status.st_mode & S_IFMT != S_IFREG {
      throw PersistencyError(.corrupted, "\(path) is not a file; no log is read through a link or from a folder")
    }
    if (!isThere || status.st_size == 0) && (store.mustExist || store.access == .readOnly) {
      throw PersistencyError(.corrupted, "the log \(path) is missing or emptied")
    }
    let access = store.access == .readOnly ? O_RDONLY : O_RDWR | O_CREAT
    let descriptor = sysOpen(path, access | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw failure("opening \(path)") }
    let file = LogFile(descriptor: descriptor)
    do throws(PersistencyError) {
      let (rows, length) = try file.recover(path, store)
      return (file, rows, length)
    } catch {
      file.close()
      throw error
    }
  }

  private func recover(_ path: String, _ store: StoreOptions) throws(PersistencyError) -> (LogRows, length: Int) {
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw PersistencyError(.locked, "another process has \(path) open", backendCode: Int(errno))
    }
    let bytes = try readAll()
    var rows = LogRows()
    // A crash while it was made leaves a part of the header, and no row.
    if bytes.count < Self.header.count && Self.header.starts(with: bytes) && store.access == .readWrite {
      try write(Self.header, at: 0)
      try sync()
      try Self.syncFolder(of: path)
      return (rows, Self.header.count)
    }
    try Self.check(header: bytes, path)
    var rest = bytes[Self.header.count...]
    while let (changes, after) = LogRecord.parse(rest) {
      for change in changes { rows.set(change.category, change.key, change.payload) }
      rest = after
    }
    if !rest.isEmpty {
      if bytes.count >= Self.header.count + LogRecord.headBytes,
        bytes.suffix(LogRecord.headBytes) == LogRecord.closed[...]
      {
        throw PersistencyError(.corrupted, "\(path) is damaged \(rest.count) bytes before its end")
      }
      if store.access == .readWrite, ftruncate(descriptor, off_t(rest.startIndex)) != 0 {
        throw Self.failure("cutting the torn tail of \(path)")
      }
    }
    return (rows, rest.startIndex)
  }

  private static func check(header bytes: [UInt8], _ path: String) throws(PersistencyError) {
    guard bytes.starts(with: magic), bytes.count >= header.count else {
      throw PersistencyError(.corrupted, "\(path) is not a row log")
    }
    var rest = bytes[magic.count...]
    let found = LogRecord.number(4, from: &rest) ?? 0
    if found != version {
      throw PersistencyError(.unsupported, "\(path) has format \(found); this version reads format \(version)")
    }
  }

  // MARK: Use

  /// Writes all of `bytes` at an offset.
  func write(_ bytes: [UInt8], at offset: Int) throws(PersistencyError) {
    let failed = bytes.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Int32? in
      var done = 0
      while done < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
        let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
        if written < 0 && errno != EINTR { return errno }
        done += max(written, 0)
      }
      return nil
    }
    if let failed { throw Self.failure("writing the log", failed) }
  }

  /// Takes back what a failed write left.
  func cut(to length: Int) throws(PersistencyError) {
    if ftruncate(descriptor, off_t(length)) != 0 { throw Self.failure("cutting the log") }
  }

  func sync() throws(PersistencyError) {
    if fsync(descriptor) != 0 { throw Self.failure("syncing the log") }
  }

  func close() { _ = sysClose(descriptor) }

  private func readAll() throws(PersistencyError) -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure("examining the log") }
    var failed: Int32?
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
      while count < buffer.count {
        let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
        let found = pread(descriptor, rest.baseAddress, rest.count, off_t(count))
        if found == 0 { break }
        if found < 0 && errno != EINTR {
          failed = errno
          break
        }
        count += max(found, 0)
      }
    }
    if let failed { throw Self.failure("reading the log", failed) }
    return bytes
  }

  private static func syncFolder(of path: String) throws(PersistencyError) {
    let end = path.lastIndex(of: "/").map { path[..<$0] } ?? "."
    let folder = sysOpen(end.isEmpty ? "/" : String(end), O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { throw failure("opening the folder of \(path)") }
    defer { _ = sysClose(folder) }
    if fsync(folder) != 0 { throw failure("syncing the folder of \(path)") }
  }

  // MARK: Errors

  /// `errno` as an error: no space, too many files, or something else.
  private static func failure(_ what: String, _ code: Int32 = errno) -> PersistencyError {
    let reason = String(cString: strerror(code))
    switch code {
    case ENOSPC, EDQUOT: return PersistencyError(.storageFull, "\(what): \(reason)", backendCode: Int(code))
    default: return PersistencyError(.backend, "\(what): \(reason)", backendCode: Int(code))
    }
  }
}

private func sysOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags, 0o600) }
private func sysClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
