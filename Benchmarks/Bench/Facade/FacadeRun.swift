import Foundation
import PersistencyCore

/// Every stage on every engine; what comes of it are figures.
struct FacadeRun {
  let settings: Settings
  let workspace: Workspace
  let data: DataSet
  private let only: String?
  private let progress = Progress()
  private(set) var figures: [Figure] = []
  private(set) var rocksVersion = ""
  private var opened = 0

  /// - Parameter only: What the names of the stages to run contain; nil for all.
  init(settings: Settings, workspace: Workspace, only: String? = nil) {
    self.settings = settings
    self.workspace = workspace
    self.only = only
    data = DataSet(settings)
  }

  mutating func run() async throws {
    defer { progress.clear() }
    for engine in settings.engines {
      try await stage(engine, "fire and forget, sequential") { try await $0.fireAndForget(engine, random: false) }
      try await stage(engine, "fire and forget, random") { try await $0.fireAndForget(engine, random: true) }
      try await stage(engine, "acknowledged") { try await $0.acknowledged(engine) }
      try await stage(engine, "gets and rows") { try await $0.reads(engine) }
      try await stage(engine, "the queue's bound") { try await $0.queueBound(engine) }
      try await stage(engine, "deletes of prefixes") { try await $0.smallDeletes(engine) }
      try await stage(engine, "space given back") { try await $0.reclaim(engine) }
    }
  }

  private mutating func stage(
    _ engine: EngineChoice, _ name: String, _ work: (inout FacadeRun) async throws -> Void
  ) async throws {
    if let only, !name.contains(only) { return }
    progress.show("\(engine.rawValue): \(name)")
    try await work(&self)
    if engine == .rocks && rocksVersion.isEmpty { rocksVersion = Versions.rocks(in: workspace.path) }
    for file in try FileManager.default.contentsOfDirectory(atPath: workspace.path) {
      try FileManager.default.removeItem(atPath: "\(workspace.path)/\(file)")
    }
  }

  // MARK: For the stages

  mutating func report(
    _ engine: EngineChoice, _ name: String, _ value: Double?, _ unit: String, _ bound: Figure.Bound,
    _ beside: String = ""
  ) {
    guard let value else { return }
    figures.append(
      Figure(engine: engine.rawValue, name: name, value: value, unit: unit, bound: bound, beside: beside))
  }

  /// A folder of its own for each store.
  mutating func folder(_ engine: EngineChoice) throws -> String {
    opened += 1
    let path = "\(workspace.path)/\(engine.rawValue)-\(opened)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  /// The engine alone: in C, or the backend where there is no C.
  mutating func alone(_ engine: EngineChoice) async throws -> any Subject {
    let layer: Layer = engine.yardstick == nil ? .backend : .raw
    return try await Stand.open(layer, on: engine, in: folder(engine), settings).subject
  }

  mutating func job(_ engine: EngineChoice, queueBytes: Int = 16 << 20) async throws -> JobSubject {
    let options = JobOptions(durability: engine.durability(settings), queueBytes: queueBytes)
    return try await JobSubject(try engine.engine(settings), root: folder(engine), options: options)
  }

  /// The rows that a loaded store has.
  var loaded: Content {
    var content = Content(data)
    for row in 0..<data.rows { _ = content.put(row) }
    return content
  }

  /// Fills stores with all rows, unmeasured.
  func load(_ subjects: [any Subject]) async throws {
    let order = data.order(0, of: data.rows)
    let notes = Notes()
    for start in stride(from: 0, to: data.rows, by: 10_000) {
      let slice = Slice.put(Array(order[start..<min(start + 10_000, data.rows)]), batch: 1000, data)
      for subject in subjects { try await subject.put(slice, notes) }
      notes.drain { _ in }
    }
  }

  /// - Throws: When a store holds anything but these rows of the data set.
  func prove(_ subjects: [any Subject], hold rows: some Sequence<Int>, _ what: String) async throws {
    let expected = data.proof(rows.lazy.map { ($0, 1) })
    for subject in subjects { try Self.compare(try await subject.proof(), expected, what) }
  }

  static func compare(_ seen: Tally, _ expected: Tally, _ what: String) throws {
    guard seen == expected else {
      throw Complaint(
        "\(what): wrong result: \(seen.rows) rows with checksum \(seen.checksum), where \(expected.rows) with "
          + "\(expected.checksum) were due")
    }
  }
}
