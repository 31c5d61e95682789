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
  private let data: DataSet
  private let progress = Progress()
  private let notes = Notes()
  private var series: [Cell: Series] = [:]
  private var rocksVersion = ""

  init(settings: Settings, workspace: Workspace) {
    self.settings = settings
    self.workspace = workspace
    data = DataSet(settings)
  }

  mutating func run() async throws -> Results {
    defer { progress.clear() }
    for round in 0..<settings.rounds {
      let order = data.shuffled(round)
      for engine in settings.engines where !engine.layers(of: settings).isEmpty {
        var course = Course(engine: engine, round: round, order: order)
        try await run(&course)
      }
    }
    guard !series.isEmpty else { throw Complaint("nothing to measure: memory has no raw layer") }
    return Results(settings: settings, series: series, rocksVersion: rocksVersion)
  }

  // MARK: One engine, one round

  /// What one engine goes through in one round.
  private struct Course {
    let engine: EngineChoice
    let round: Int
    /// The random order of this round.
    let order: [UInt32]
    var stands: [Stand] = []
    /// How many rows the stores hold, all layers alike.
    var stored = 0
    /// How many of `order` were deleted.
    var deleted = 0
  }

  private mutating func run(_ course: inout Course) async throws {
    let fills = settings.workloads.filter(\.fills).flatMap { workload in
      settings.batches.map { Pass(workload: workload, batch: $0) }
    }
    for pass in fills {
      try await refresh(&course)
      try await fill(pass, &course, measured: true)
    }
    let reads = settings.workloads.filter { !$0.writes }
    let deletes = settings.workloads.contains(.deleterandom) ? settings.batches : []
    if !reads.isEmpty || !deletes.isEmpty {
      if course.stored < data.rows {
        try await refresh(&course)
        try await fill(Pass(workload: .fillrandom, batch: 1000), &course, measured: false)
      }
      settle()
      for workload in reads { try await read(Pass(workload: workload, batch: 1), course) }
      for batch in deletes { try await delete(Pass(workload: .deleterandom, batch: batch), &course) }
    }
    try await close(&course)
  }

  /// New, empty stores, one a layer.
  private mutating func refresh(_ course: inout Course) async throws {
    try await close(&course)
    for layer in course.engine.layers(of: settings) {
      let folder = "\(workspace.path)/\(course.engine.rawValue)-\(layer.rawValue)"
      course.stands.append(try await .open(layer, on: course.engine, in: folder, settings))
    }
  }

  private mutating func close(_ course: inout Course) async throws {
    for stand in course.stands {
      if course.engine == .rocks && rocksVersion.isEmpty { rocksVersion = Versions.rocks(in: stand.folder) }
      try await stand.subject.close()
      try FileManager.default.removeItem(atPath: stand.folder)
    }
    course.stands = []
    course.stored = 0
    course.deleted = 0
  }

  // MARK: Passes

  private mutating func fill(_ pass: Pass, _ course: inout Course, measured: Bool) async throws {
    let order = course.order
    let isRandom = pass.workload == .fillrandom
    let data = self.data
    let total = Extent.written(pass, of: data.rows)
    course.stored = try await take(pass, course, total: total, each: Extent.slice(pass), measured: measured) { range in
      .write(range.map { isRandom ? Int(order[$0]) : $0 }, delete: false, batch: pass.batch, data)
    }
    var present = Bitmap(count: data.rows)
    for index in 0..<course.stored { present.insert(isRandom ? Int(order[index]) : index) }
    try await prove(pass, course, data.proof((0..<data.rows).lazy.filter { present.contains($0) }))
  }

  private mutating func delete(_ pass: Pass, _ course: inout Course) async throws {
    let order = course.order
    let first = course.deleted
    let data = self.data
    let total = min(Extent.written(pass, of: data.rows), (data.rows - first + 1) / 2)
    course.deleted += try await take(pass, course, total: total, each: Extent.slice(pass), measured: true) { range in
      .write(range.map { Int(order[first + $0]) }, delete: true, batch: pass.batch, data)
    }
    course.stored = data.rows - course.deleted
    var present = Bitmap(count: data.rows)
    for row in order.dropFirst(course.deleted) { present.insert(Int(row)) }
    try await prove(pass, course, data.proof((0..<data.rows).lazy.filter { present.contains($0) }))
  }

  private mutating func read(_ pass: Pass, _ course: Course) async throws {
    let order = course.order
    let data = self.data
    var everything = Tally()
    if pass.workload == .readseq || pass.workload == .readreverse {
      for row in 0..<data.rows { everything.checksum &+= data.rowSum(row) }
      everything.rows = UInt64(data.rows)
    }
    let whole = everything
    let total = Extent.read(pass.workload, of: data.rows)
    _ = try await take(pass, course, total: total, each: Extent.slice(pass), measured: true) { range in
      // Backwards, so that what is read first was not written last.
      let rows = range.map { Int(order[data.rows - 1 - $0 % data.rows]) }
      switch pass.workload {
      case .seekrandom: return .seek(rows, data)
      case .count: return .count(rows, data)
      case .readseq, .readreverse: return .visit(data, whole)
      default: return .get(rows, data)
      }
    }
  }

  /// Runs slices of a pass on all layers until `total` is reached, or time is up.
  ///
  /// - Returns: How far it came, on every layer.
  private mutating func take(
    _ pass: Pass, _ course: Course, total: Int, each: Int, measured: Bool, _ slice: (Range<Int>) -> Slice
  ) async throws -> Int {
    progress.show("round \(course.round + 1) of \(settings.rounds): \(course.engine.rawValue) \(pass.name)")
    var samples = [Sample](repeating: Sample(), count: course.stands.count)
    let limit = settings.secondsPerPass * Double(course.stands.count)
    var done = 0
    var turn = course.round
    while done < total {
      let range = done..<min(done + each, total)
      let slice = slice(range)
      for offset in course.stands.indices {
        let index = (turn + offset) % course.stands.count
        let stand = course.stands[index]
        let cell = Cell(engine: course.engine, layer: stand.layer, pass: pass)
        let cpu = yard_cpu()
        let start = yard_now()
        let seen = try await stand.subject.run(pass.workload, slice, notes)
        let sample = Sample(ops: slice.count, nanoseconds: yard_now() - start, cpu: yard_cpu() - cpu)
        samples[index] += sample
        try Self.compare(seen, slice.expected, cell)
        if measured { series[cell, default: Series()].take(sample, notes) } else { notes.drain { _ in } }
      }
      done = range.upperBound
      turn += 1
      let spent = samples.reduce(0) { $0 + $1.seconds }
      if spent > limit && !Extent.mustFinish(pass) { break }
    }
    if measured {
      for (stand, sample) in zip(course.stands, samples) {
        series[Cell(engine: course.engine, layer: stand.layer, pass: pass), default: Series()].rounds.append(sample)
      }
    }
    return done
  }

  // MARK: Truth

  private func prove(_ pass: Pass, _ course: Course, _ expected: Tally) async throws {
    for stand in course.stands {
      try Self.compare(
        try await stand.subject.proof(), expected, Cell(engine: course.engine, layer: stand.layer, pass: pass))
    }
  }

  private static func compare(_ seen: Tally?, _ expected: Tally?, _ cell: Cell) throws {
    if let expected, seen != expected {
      throw Complaint(
        "\(cell.engine.rawValue) \(cell.layer.rawValue) \(cell.pass.name): wrong result: \(seen?.rows ?? 0) rows with "
          + "checksum \(seen?.checksum ?? 0), where \(expected.rows) with \(expected.checksum) were due")
    }
  }

  /// Waits until the engines' own threads have calmed down, two seconds at most.
  private func settle() {
    for _ in 0..<50 {
      let before = yard_cpu()
      Thread.sleep(forTimeInterval: 0.04)
      if yard_cpu() - before < 2_000_000 { return }
    }
  }
}
