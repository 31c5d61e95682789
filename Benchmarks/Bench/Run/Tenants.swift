import Foundation
import PersistencyCore

/// Many stores of one layer, open at once.
final class Tenants {
  private let layer: Layer
  private let engine: EngineChoice
  private let folder: String
  private let settings: Settings
  private var stands: [Stand] = []
  private var root: Persistency?

  init(_ layer: Layer, on engine: EngineChoice, in folder: String, _ settings: Settings) {
    self.layer = layer
    self.engine = engine
    self.folder = folder
    self.settings = settings
  }

  /// Opens one more; it stays open.
  func open(_ number: Int) async throws -> any Subject {
    if layer == .job {
      // All jobs are of one root, as in an application.
      let root = try self.root ?? Persistency(rootDirectory: folder, engines: [try engine.engine(settings)])
      self.root = root
      return JobSubject(
        try await root.openJob("job-\(number)", options: JobOptions(durability: engine.durability(settings))), of: root)
    }
    let stand = try await Stand.open(layer, on: engine, in: "\(folder)/\(number)", settings)
    stands.append(stand)
    return stand.subject
  }

  func close() async throws {
    for stand in stands { try await stand.subject.close() }
    stands = []
    try await root?.close()
    root = nil
    if !FileManager.default.fileExists(atPath: folder) {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
  }
}

/// The descriptors a process may have.
enum Descriptors {
  /// Raises the soft limit as far as it goes.
  ///
  /// - Returns: `count`, or how many stores of eight descriptors each there is room for.
  static func affordable(_ count: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return count }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return max(1, min(count, Int(clamping: limit.rlim_cur) / 8 - 8))
  }
}
