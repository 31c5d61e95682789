import Foundation

/// The folder of a run's stores; removed at the end, however the run ends.
final class Workspace: Sendable {
  let path: String

  /// - Parameter directory: An existing folder; nil is the temporary one.
  init(in directory: String?) throws {
    let parent = directory ?? FileManager.default.temporaryDirectory.path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: parent, isDirectory: &isFolder), isFolder.boolValue else {
      throw Complaint("no folder at '\(parent)'; --directory takes an existing one")
    }
    let path = URL(filePath: parent).appending(path: "persistency-bench-\(getpid())").path
    if let code = Interrupt.make(path) {
      throw Complaint("cannot make a folder in '\(parent)': \(String(cString: strerror(code)))")
    }
    self.path = path
  }

  func remove() {
    Interrupt.forget()
    try? FileManager.default.removeItem(atPath: path)
  }
}

extension Workspace {
  /// The kind of file system it is on, as the mount table says: "ext4".
  var fileSystem: String {
    guard let mounts = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8) else { return "unknown" }
    var best = (length: 0, kind: "unknown")
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 2 else { continue }
      let point = fields[1] == "/" ? "/" : fields[1] + "/"
      // Later mounts hide earlier ones of the same place.
      if path.hasPrefix(point) && point.count >= best.length { best = (point.count, String(fields[2])) }
    }
    return best.kind
  }
}
