import Foundation

/// Everything below a folder, byte for byte: what must be the same after a refusal.
package struct FolderSnapshot: Equatable {
  private struct Entry: Equatable {
    var mode: UInt32
    var bytes: Data
  }

  private var entries: [String: Entry] = [:]

  /// - Parameter isVolatile: Whether a file, by its path from the folder, may change: of it only its existence and mode are looked at.
  package init(_ folder: String, except isVolatile: (String) -> Bool = { _ in false }) throws {
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      var status = stat()
      guard lstat(folder + "/" + path, &status) == 0 else { continue }
      var bytes = Data()
      switch status.st_mode & S_IFMT {
      case S_IFREG where !isVolatile(path): bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + path))
      case S_IFLNK: bytes = Data(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + path).utf8)
      default: break
      }
      entries[path] = Entry(mode: UInt32(status.st_mode), bytes: bytes)
    }
  }

  /// What is not as it was, a line each.
  package func differences(from before: FolderSnapshot) -> [String] {
    Set(entries.keys).union(before.entries.keys).sorted().compactMap { path in
      switch (before.entries[path], entries[path]) {
      case (nil, nil): nil
      case (nil, _?): "\(path) was made"
      case (_?, nil): "\(path) is gone"
      case (let old?, let new?):
        old == new
          ? nil : old.mode == new.mode ? "\(path) has other bytes" : "\(path) has mode \(String(new.mode, radix: 8))"
      }
    }
  }
}
