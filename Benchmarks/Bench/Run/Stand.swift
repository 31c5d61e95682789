import Foundation
import PersistencyCore

/// One layer's store, open and ready to be measured.
struct Stand {
  let layer: Layer
  let subject: any Subject
  /// All its files are in here.
  let folder: String

  static func open(
    _ layer: Layer, on choice: EngineChoice, in folder: String, _ settings: Settings,
    _ durability: Durability? = nil
  ) async throws -> Stand {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return Stand(
      layer: layer, subject: try await subject(layer, on: choice, in: folder, settings, durability), folder: folder)
  }

  private static func subject(
    _ layer: Layer, on choice: EngineChoice, in folder: String, _ settings: Settings, _ durability: Durability?
  ) async throws -> any Subject {
    let engine = try choice.engine(settings)
    let durability = choice.durability(durability ?? settings.durability, settings)
    let folder = choice == .postgres ? try onServer(folder) : folder
    switch (layer, choice.yardstick) {
    case (.raw, let yardstick?):
      return try RawSubject(yardstick, path: "\(folder)/store\(engine.fileSuffix)", settings, durability)
    case (.grdb, _), (.sortedDictionary, _):
      guard let peer = Peer.all.first(where: { $0.layer == layer && $0.engine == choice }) else {
        throw Complaint("\(choice.rawValue) has no layer \(layer.rawValue)")
      }
      let terms = Peer.Terms(
        keySize: settings.keySize, payloadSize: settings.payloadSize, durability: durability,
        cacheBytes: settings.cache.cacheBytes, checkpointPages: settings.cache.checkpointPages)
      return try await peer.open(folder, terms)
    case (.raw, nil): throw Complaint("\(choice.rawValue) has no raw layer")
    case (.backend, _):
      let options = StoreOptions(durability: durability)
      return BackendSubject(try engine.open("\(folder)/store\(engine.fileSuffix)", options))
    case (.job, _):
      let options = JobOptions(durability: durability)
      return try await JobSubject(engine, root: folder, options: options)
    }
  }

  /// A folder of its own below, whose name stays as long as `folder` does: what is on a server outlives the folder, and one made anew
  /// must be empty.
  private static func onServer(_ folder: String) throws -> String {
    if let name = try FileManager.default.contentsOfDirectory(atPath: folder).first { return folder + "/" + name }
    let path = folder + "/" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    return path
  }
}
