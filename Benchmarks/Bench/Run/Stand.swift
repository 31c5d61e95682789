import Foundation
import PersistencyCore

/// One layer's store, open and ready to be measured.
struct Stand {
  let layer: Layer
  let subject: any Subject
  /// All its files are in here.
  let folder: String

  static func open(
    _ layer: Layer, on choice: EngineChoice, in folder: String, _ settings: Settings
  ) async throws -> Stand {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return Stand(layer: layer, subject: try await subject(layer, on: choice, in: folder, settings), folder: folder)
  }

  private static func subject(
    _ layer: Layer, on choice: EngineChoice, in folder: String, _ settings: Settings
  ) async throws -> any Subject {
    let engine = choice.engine(settings)
    switch (layer, choice.yardstick) {
    case (.raw, let yardstick?):
      return try RawSubject(yardstick, path: "\(folder)/store\(engine.fileSuffix)", settings)
    case (.raw, nil): throw Complaint("\(choice.rawValue) has no raw layer")
    case (.backend, _):
      let options = StoreOptions(durability: choice.durability(settings))
      return BackendSubject(try engine.open("\(folder)/store\(engine.fileSuffix)", options))
    case (.job, _):
      let options = JobOptions(durability: choice.durability(settings))
      return try await JobSubject(engine, root: folder, options: options)
    }
  }
}
