import Foundation

/// What the disk is asked for.
enum DiskUse {
  /// Bytes that this process has handed to the system to write; 0 where the system does not tell.
  static var bytesWritten: Int {
    guard let text = try? String(contentsOfFile: "/proc/self/io", encoding: .utf8) else { return 0 }
    for line in text.split(separator: "\n") where line.hasPrefix("wchar:") {
      return Int(line.dropFirst(6).trimmingCharacters(in: .whitespaces)) ?? 0
    }
    return 0
  }

  /// Bytes that the files in a folder occupy, holes left out.
  static func bytes(in folder: String) -> Int {
    let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return files.reduce(0) { sum, file in
      var status = stat()
      return lstat("\(folder)/\(file)", &status) == 0 ? sum + Int(status.st_blocks) * 512 : sum
    }
  }

  /// How many descriptors are open; 0 where the system does not tell.
  static var descriptors: Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
  }
}
