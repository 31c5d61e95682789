import Foundation

/// A file that a report goes to, whole or not at all.
struct ReportFile {
  private let path: String

  /// Makes sure, before hours are spent, that the report can be written; nil when none is wanted.
  init?(_ path: String?, option: String) throws {
    guard let path else { return nil }
    let folder = URL(filePath: path).deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw Complaint("'\(path)' is a folder; \(option) takes a file")
    }
    guard access(folder, W_OK) == 0 else {
      throw Complaint("cannot write '\(path)': \(String(cString: strerror(errno)))")
    }
    self.path = path
  }

  func write(_ document: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try write(try encoder.encode(document))
  }

  func write(_ text: String) throws { try write(Data(text.utf8)) }

  private func write(_ data: Data) throws {
    do {
      try data.write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw Complaint("cannot write '\(path)': \(error.localizedDescription)")
    }
  }
}

/// What `measure` writes.
struct MeasureReport: Codable {
  let header: RunHeader
  let rows: [ResultRow]
  let stores: [StoreFacts]
  /// The same workloads on stores of several sizes.
  let growth: [ResultRow]
  let figures: [Figure]
}

/// What `facade` writes.
struct FacadeReport: Encodable {
  let header: RunHeader
  let figures: [Figure]
}
