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

  /// How many descriptors this process has open that may be this check's, or nil where the system does not say.
  ///
  /// Files outside the check's directory are those of what runs beside it; pipes, sockets and the like have no place, and count.
  var openDescriptors: Int? {
    guard let numbers = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") else { return nil }
    return numbers.count { number in
      guard let file = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + number) else {
        return false
      }
      return !file.hasPrefix("/") || file.hasPrefix(directory + "/")
    }
  }

  static let listsDescriptors = FileManager.default.fileExists(atPath: "/proc/self/fd")

  /// How many threads this process has, or nil where the system does not say.
  static var threads: Int? {
    try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
  }

  /// How many files below the check's directory are mapped.
  var mappings: Int {
    let maps = ProcessFile.text("/proc/self/maps") ?? ""
    return maps.split(separator: "\n").count { $0.contains(directory + "/") }
  }
}

/// What a process holds of its system.
struct CheckHoldings: Sendable, CustomStringConvertible {
  let descriptors: Int
  let mappings: Int
  let threads: Int

  init(_ check: CheckContext) {
    (descriptors, mappings) = (check.openDescriptors ?? 0, check.mappings)
    threads = CheckContext.threads ?? 0
  }

  var description: String { "\(descriptors) descriptors, \(mappings) mappings and \(threads) threads" }
}

extension CheckContext {
  /// Expects that two hundred rounds of something have left descriptors, mappings and threads as they were before.
  ///
  /// Other checks may run at the same time, and their threads and pipes go again: a leak of two hundred stays.
  func expectNoLeak(since before: CheckHoldings, file: String = #fileID, line: Int = #line) throws {
    var now = CheckHoldings(self)
    var isLeaking: Bool {
      now.descriptors >= before.descriptors + 100 || now.mappings > before.mappings
        || now.threads >= before.threads + 100
    }
    for _ in 0..<300 where isLeaking {
      _ = Signal().isRaised(within: 100)
      now = CheckHoldings(self)
    }
    try expect(!isLeaking, "\(before) became \(now)", file: file, line: line)
  }
}

struct FileState: Hashable, Sendable {
  let mode: UInt32
  let size: Int

  var isFolder: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
  /// What the group and all others may do.
  var forOthers: UInt32 { mode & 0o077 }
}
