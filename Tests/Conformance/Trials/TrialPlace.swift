import Foundation

/// The folder of one trial.
struct TrialPlace {
  private(set) var path = ""
  /// Where the store is.
  var store: String { path + "/store" }
  /// Where its children complain.
  var log: String { path + "/log" }

  /// - Parameter inMemory: Where there is a file system in memory, there: for what is about this process and no disk.
  static func make(inMemory: Bool = false) throws -> TrialPlace {
    let memory = "/dev/shm"
    let isThere = inMemory && FileManager.default.isWritableFile(atPath: memory)
    let folder = isThere ? memory : FileManager.default.temporaryDirectory.path
    let path = folder + "/trial-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: path + "/store", withIntermediateDirectories: true)
    return TrialPlace(path: path)
  }

  func remove() {
    if !path.isEmpty { try? FileManager.default.removeItem(atPath: path) }
  }

  /// Leaves it to be looked at.
  mutating func keep() { path = "" }
}
