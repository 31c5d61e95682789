import CYardsticks
import PersistencyCore

// Passes on the loaded store, in the order of the workloads: deletes come last.

extension Runner {
  mutating func runOnLoaded(_ pass: Pass, _ course: inout Course) async throws {
    switch pass.workload {
    case .readwhilewriting: try await readWhileWriting(pass, &course)
    case .overwrite: try await overwrite(pass, &course)
    case .deleterandom: try await deleteRandom(pass, &course)
    case .deleterange: try await deleteRanges(pass, &course)
    case .reopen: try await reopen(pass, &course)
    case .readafterdelete, .seekafterdelete:
      try await deleteMost(&course)
      try await read(pass, course)
    default:
      if pass.workload.isYCSB { try await mix(pass, &course) } else { try await read(pass, course) }
    }
  }

  /// What a stand does in the simple cases.
  private static func running(_ workload: Workload) -> Turn {
    { stand, slice, notes in
      var seen: Tally?
      let sample = try await Sample.timing(slice.count) { seen = try await stand.subject.run(workload, slice, notes) }
      return (sample, seen)
    }
  }

  // MARK: Reads

  private mutating func read(_ pass: Pass, _ course: Course) async throws {
    let (data, content, order) = (data, course.content, course.order)
    // From the last record on, so that what is read first was not written first.
    let row: (Int) -> Int =
      switch pass.workload {
      case .readmissing: { order[course.records + $0 % (data.capacity - course.records)] }
      case .readhot: { order[$0 * 7919 % max(1, course.records / 100)] }
      case .readafterdelete: { content.next(order[course.record($0)]) ?? content.next(0) ?? 0 }
      case .seekafterdelete: { data.capacity / 10 + order[$0 % data.capacity] * 8 / 10 }
      default: { order[course.record($0)] }
      }
    let everything = pass.workload == .readseq || pass.workload == .readreverse ? content.everything(in: data) : Tally()
    let isVisit = everything.rows > 0
    let each = isVisit ? Int(everything.rows) : Extent.slice(pass)
    let total = isVisit ? Extent.read(pass.workload, of: each) : Extent.read(pass.workload, of: data.rows)
    _ = try await take(
      pass, course, total: total, each: each,
      { range in
        switch pass.workload {
        case .seekrandom, .seekrandom10, .seekafterdelete:
          return .seek(range.map(row), limit: pass.workload.seekRows, data, content)
        case .count:
          let span = min(Settings.countRows, data.capacity - 1)
          let starts = range.map { min(row($0), data.capacity - span) }
          return .count(starts.map { $0..<$0 + span }, data, content)
        case .readseq, .readreverse: return .visit(everything)
        default: return .get(range.map(row), data, content)
        }
      }, turn: Self.running(pass.workload))
  }

  private mutating func mix(_ pass: Pass, _ course: inout Course) async throws {
    var mix = Mix(pass.workload, data, course.order, seed: UInt64(course.round + 1))
    var (content, records) = (course.content, course.records)
    _ = try await take(
      pass, course, total: Extent.read(pass.workload, of: data.rows), { mix.slice($0.count, &content, &records) },
      turn: Self.running(pass.workload))
    (course.content, course.records) = (content, records)
    try await prove(pass, course)
  }

  /// Gets of rows that nobody writes, beside a writer that goes round the rows between them.
  private mutating func readWhileWriting(_ pass: Pass, _ course: inout Course) async throws {
    let (data, order, content) = (data, course.order, course.content)
    let written = min(2000, max(1, course.records / 10))
    let rows = (0..<written).map { order[$0] }
    // Twice, at two versions: a row that does not change is no work for SQLite.
    var writes = Slice.put(rows, batch: 1, data) { content.version($0) ^ 0x40 }
    writes.append(.put(rows, batch: 1, data) { content.version($0) ^ 0x80 })
    let turning = writes
    let readers = settings.threads
    _ = try await take(
      pass, course, total: Extent.read(pass.workload, of: data.rows),
      { range in
        .get(range.map { order[written + $0 % max(1, course.records - written)] }, data, content)
      },
      turn: { stand, slice, notes in
        guard let shared = stand.subject as? any SharedSubject else { return (Sample(), slice.expected) }
        let (seen, sample) = try await shared.readWhileWriting(slice, readers: readers, turning, notes)
        return (sample, seen)
      })
    // How often each layer went round is its own; from here on they are alike again.
    try await put(rows, &course)
    try await prove(pass, course)
  }

  // MARK: Writes

  private mutating func overwrite(_ pass: Pass, _ course: inout Course) async throws {
    let (data, order, records) = (data, course.order, course.records)
    var content = course.content
    _ = try await take(
      pass, course, total: Extent.written(pass, of: data.rows),
      { range in
        let rows = range.map { order[$0 % records] }
        for row in rows { _ = content.put(row) }
        return .put(rows, batch: pass.batch, data) { content.version($0) }
      }, turn: Self.running(pass.workload))
    course.content = content
    try await prove(pass, course)
  }

  private mutating func deleteRandom(_ pass: Pass, _ course: inout Course) async throws {
    let (data, order, first) = (data, course.order, course.deleted)
    let done = try await take(
      pass, course, total: min(Extent.written(pass, of: data.rows), (course.records - first + 1) / 2),
      { range in .delete(range.map { order[first + $0] }, batch: pass.batch, data) }, turn: Self.running(pass.workload))
    for record in first..<first + done { course.content.delete(order[record]) }
    course.deleted += done
    try await prove(pass, course)
  }

  private mutating func deleteRanges(_ pass: Pass, _ course: inout Course) async throws {
    let (data, order) = (data, course.order)
    let span = min(Settings.seekRows, data.capacity - 1)
    var content = course.content
    _ = try await take(
      pass, course, total: Extent.written(pass, of: data.rows),
      { range in
        let ranges = range.map { min(order[$0], data.capacity - span) }.map { $0..<$0 + span }
        for rows in ranges { for row in rows { content.delete(row) } }
        return .deleteRanges(ranges, data)
      }, turn: Self.running(pass.workload))
    course.content = content
    try await prove(pass, course)
  }

  /// Deletes the rows between the first tenth and the last of the key space at once, if that is not done yet.
  private mutating func deleteMost(_ course: inout Course) async throws {
    let middle = data.capacity / 10..<data.capacity * 9 / 10
    guard middle.contains(where: { course.content.version($0) != 0 }) else { return }
    let slice = Slice.deleteRanges([middle], data)
    for stand in course.stands { try await stand.subject.deleteRanges(slice, Notes()) }
    course.content.clear(middle)
    try await prove(Pass(workload: .deleterange, batch: 1), course)
  }

  /// Puts rows, unmeasured, on every layer.
  private mutating func put(_ rows: [Int], _ course: inout Course) async throws {
    for row in rows { _ = course.content.put(row) }
    let content = course.content
    let slice = Slice.put(rows, batch: 1000, data) { content.version($0) }
    for stand in course.stands { try await stand.subject.put(slice, Notes()) }
  }
}
