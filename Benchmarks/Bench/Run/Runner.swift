import CYardsticks
import Foundation
import PersistencyCore

/// Runs every pass on every engine, in rounds.
///
/// Inside a pass the layers take turns every few milliseconds, each on a store of its own with the same content, so
/// that whatever else the machine does meets all of them alike and their ratio holds.
struct Runner {
  let settings: Settings
  let workspace: Workspace
  let data: DataSet
  let progress: Progress
  private(set) var series: [Cell: Series] = [:]
  var stores: [StoreFacts] = []
  private var rocksVersion = ""

  init(settings: Settings, workspace: Workspace, progress: Progress) {
    self.settings = settings
    self.workspace = workspace
    self.progress = progress
    data = DataSet(settings)
  }

  mutating func run() async throws -> Results {
    for round in 0..<settings.rounds {
      for engine in settings.engines where !engine.layers(of: settings).isEmpty {
        var course = Course(engine, round: round, data)
        try await run(&course)
      }
    }
    guard !series.isEmpty || !stores.isEmpty else {
      throw Complaint("nothing to measure: memory has no raw layer")
    }
    return Results(settings: settings, series: series, stores: stores, rocksVersion: rocksVersion)
  }

  private mutating func run(_ course: inout Course) async throws {
    for pass in passes(where: \.fills) {
      try await refresh(&course, for: pass.workload)
      try await fill(pass, &course)
    }
    try await close(&course)
    if settings.workloads.contains(.open) { try await openNew(course) }
    if course.round == 0, settings.workloads.contains(.manyjobs) { try await openMany(course) }
    let onLoaded = passes { !$0.fills && $0 != .open && $0 != .manyjobs }
    if !onLoaded.isEmpty {
      try await load(&course)
      for pass in onLoaded { try await runOnLoaded(pass, &course) }
    }
    try await close(&course)
  }

  private func passes(where isWanted: (Workload) -> Bool) -> [Pass] {
    // In the order of their declaration, whatever that of the command line: deletes come last.
    Workload.allCases.filter { settings.workloads.contains($0) && isWanted($0) }.flatMap { $0.passes(settings.batches) }
  }

  // MARK: Stores

  /// New, empty stores, one a layer.
  mutating func refresh(_ course: inout Course, for workload: Workload? = nil) async throws {
    try await close(&course)
    for layer in course.engine.layers(of: settings) {
      let folder = "\(workspace.path)/\(course.engine.rawValue)-\(layer.rawValue)"
      let durability: Durability? = workload == .fillsync ? .full : nil
      course.stands.append(try await .open(layer, on: course.engine, in: folder, settings, durability))
    }
  }

  private mutating func close(_ course: inout Course) async throws {
    for stand in course.stands {
      if course.engine == .rocks && rocksVersion.isEmpty { rocksVersion = Versions.rocks(in: stand.folder) }
      try await stand.subject.close()
      try FileManager.default.removeItem(atPath: stand.folder)
    }
    course.forget()
  }

  // MARK: Turns

  /// What a stand does with a slice: its sample, and what it saw where that is the proof.
  typealias Turn = (Stand, Slice, Notes) async throws -> (Sample, Tally?)

  /// Runs slices of a pass on all layers until `total` is reached, or time is up.
  ///
  /// - Returns: How far it came, on every layer.
  mutating func take(
    _ pass: Pass, _ course: Course, total: Int, each: Int? = nil, _ slice: (Range<Int>) -> Slice,
    turn: @escaping Turn
  ) async throws -> Int {
    progress.show("round \(course.round + 1) of \(settings.rounds): \(course.engine.rawValue) \(pass.name)")
    let stands = course.stands.filter { !pass.workload.isShared || $0.subject is any SharedSubject }
    let entrants = stands.map { stand in
      let cell = Cell(engine: course.engine, layer: stand.layer, pass: pass)
      return Race<Slice>.Entrant(name: stand.layer.rawValue) { slice, notes in
        let (sample, seen) = try await turn(stand, slice, notes)
        try Self.compare(seen, slice.expected, cell)
        return sample
      }
    }
    return try await race(entrants, pass, course, total: total, each: each ?? Extent.slice(pass), slice)
  }

  /// The race of any entrants, one a layer, noted under the pass.
  mutating func race<Portion>(
    _ entrants: [Race<Portion>.Entrant], _ pass: Pass, _ course: Course, total: Int, each: Int,
    seconds: Double? = nil, _ portion: (Range<Int>) throws -> Portion
  ) async throws -> Int {
    let layers = course.engine.layers(of: settings)
    let cells = layers.map { Cell(engine: course.engine, layer: $0, pass: pass) }
    var known: [String: Series] = [:]
    for cell in cells { known[cell.layer.rawValue] = series.removeValue(forKey: cell) }
    var race = Race(entrants, goingOn: known, first: course.round)
    let done = try await race.run(total, each: each, seconds: seconds ?? settings.secondsPerPass, portion)
    for cell in cells { series[cell] = race.series[cell.layer.rawValue] }
    return done
  }

  // MARK: Truth

  func prove(_ pass: Pass, _ course: Course) async throws {
    let expected = course.content.proof(in: data)
    for stand in course.stands where !pass.workload.isShared || stand.subject is any SharedSubject {
      let cell = Cell(engine: course.engine, layer: stand.layer, pass: pass)
      try Self.compare(try await stand.subject.proof(), expected, cell)
    }
  }

  private static func compare(_ seen: Tally?, _ expected: Tally?, _ cell: Cell) throws {
    if let expected, seen != expected {
      throw Complaint(
        "\(cell.engine.rawValue) \(cell.layer.rawValue) \(cell.pass.name): wrong result: \(seen?.rows ?? 0) rows with "
          + "checksum \(seen?.checksum ?? 0), where \(expected.rows) with \(expected.checksum) were due")
    }
  }
}
