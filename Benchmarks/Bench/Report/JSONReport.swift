import Foundation

/// The results as a file, whole or not there.
struct JSONReport {
  private let path: String

  /// Makes sure, before hours are spent, that the report can be written; nil when none is wanted.
  static func reserve(_ path: String?) throws -> JSONReport? {
    guard let path else { return nil }
    let folder = URL(filePath: path).deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw Complaint("'\(path)' is a folder; --json takes a file")
    }
    guard access(folder, W_OK) == 0 else {
      throw Complaint("cannot write '\(path)': \(String(cString: strerror(errno)))")
    }
    return JSONReport(path: path)
  }

  func write(_ document: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      try encoder.encode(document).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw Complaint("cannot write '\(path)': \(error.localizedDescription)")
    }
  }
}

/// What `measure` writes.
struct MeasureReport: Encodable {
  let header: RunHeader
  let rows: [ResultRow]
  let stores: [StoreFacts]
}

/// What `facade` writes.
struct FacadeReport: Encodable {
  let header: RunHeader
  let figures: [Figure]
}
