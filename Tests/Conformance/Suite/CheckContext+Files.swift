import Foundation
public import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension CheckContext {
  /// Another fresh directory, inside the check's own and so removed with it.
  ///
  /// - Parameter name: One path component, of any characters that a file system takes.
  public func makeDirectory(_ name: String) throws -> String {
    let path = directory + "/" + name
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    return path
  }

  /// Opens the store of a directory; closed after the check at the latest.
  public func open(in directory: String, _ options: StoreOptions = .init()) throws(PersistencyError) -> any KvBackend {
    let backend = try fixture.open(directory, options)
    closeAfterwards(backend)
    return backend
  }

  /// The names in a directory, sorted.
  public func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  /// Every file and folder below a directory, by its path from there, with its mode and size.
  func tree(of directory: String) throws -> [String: FileState] {
    var found: [String: FileState] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: directory) {
      var status = stat()
      guard lstat(directory + "/" + path, &status) == 0 else { continue }
      found[path] = FileState(mode: UInt32(status.st_mode), size: Int(status.st_size))
    }
    return found
  }

  /// How many descriptors this process has open, or nil where the system does not say.
  static var openDescriptors: Int? {
    try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }

  /// How many threads this process has, or nil where the system does not say.
  static var threads: Int? {
    try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
  }
}

struct FileState: Hashable, Sendable {
  let mode: UInt32
  let size: Int

  var isFolder: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
  /// What the group and all others may do.
  var forOthers: UInt32 { mode & 0o077 }
}
