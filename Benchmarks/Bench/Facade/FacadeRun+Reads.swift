import CYardsticks
import PersistencyCore

// What a read through a job costs above the backend's.

extension FacadeRun {
  mutating func reads(_ engine: EngineChoice) async throws {
    let backend = BackendSubject(
      try engine.engine(settings).open("\(folder(engine))/store", .init(durability: engine.durability(settings))))
    let job = try await job(engine)
    var subjects: [(name: String, subject: any Subject)] = [("backend", backend), ("job", job)]
    if let yardstick = engine.yardstick {
      subjects.append(
        ("raw", try RawSubject(yardstick, path: folder(engine) + "/store", settings, settings.durability)))
      if engine == .sqlite {
        let autocommit = try RawSubject(
          yardstick, path: folder(engine) + "/store", settings, settings.durability, autocommitGets: true)
        subjects.append(("autocommit", autocommit))
      }
    }
    try await load(subjects.map(\.subject))
    try await prove(subjects.map(\.subject), hold: 0..<data.rows, "\(engine.rawValue) loaded stores")
    try await gets(engine, subjects)
    try await concurrentGets(engine, job)
    try await rows(engine, backend, job)
    for (_, subject) in subjects { try await subject.close() }
  }

  private mutating func gets(_ engine: EngineChoice, _ subjects: [(name: String, subject: any Subject)]) async throws {
    let order = data.order(1, of: data.rows)
    let (data, content) = (self.data, loaded)
    var race = Race<Slice>(
      subjects.map { name, subject in
        .init(name: name) { slice, notes in
          var seen: Tally?
          let sample = try await Sample.timing(slice.count) { seen = try await subject.get(slice, notes) }
          try Self.compare(seen ?? Tally(), slice.expected ?? Tally(), "\(engine.rawValue) \(name) gets")
          return sample
        }
      })
    // Twice, so that the first pass warms every cache.
    for seconds in [0.2, settings.secondsPerPass] {
      _ = try await race.run(max(data.rows, 100_000), each: 2000, seconds: seconds) { range in
        .get(range.map { order[$0 % order.count] }, data, content)
      }
    }
    var beside = "job \(time(race.microseconds(of: "job") ?? 0)) µs"
    for name in ["backend", "raw", "autocommit"] {
      if let each = race.microseconds(of: name) { beside += ", \(name) \(time(each)) µs" }
    }
    report(
      engine, "get, above the backend's", race.microseconds(of: "job", over: "backend"), "µs", .atMost(0.2), beside)
    if engine == .sqlite {
      report(engine, "get, over raw autocommit's", race.ratio(of: "job", to: "autocommit"), "×", .none)
    }
  }

  /// A thousand tasks that get at once: none is refused.
  private mutating func concurrentGets(_ engine: EngineChoice, _ subject: JobSubject) async throws {
    let job = subject.job
    let data = self.data
    let succeeded = await withTaskGroup(of: Bool.self) { group in
      for index in 0..<1000 {
        group.addTask {
          for turn in 0..<10 {
            let row = (index * 10 + turn) * 7919 % data.rows
            let key = Key(rawBytes: data.flatKeys(CollectionOfOne(row)))
            let found = try? await job.get(category: Settings.category, key: key)
            if found != data.flatPayloads(CollectionOfOne(row)) { return false }
          }
          return true
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    report(engine, "concurrent gets that succeed, of 1,000 tasks", Double(succeeded), "", .exactly(1000))
  }

  /// All rows, every key and payload read: streamed by a job, row by row and by pages, beside the backend's visit, which
  /// lends them, and a visit that copies each, which is the least that owning a row costs.
  private mutating func rows(_ engine: EngineChoice, _ backend: BackendSubject, _ job: JobSubject) async throws {
    let data = self.data
    let expected = Tally(
      rows: UInt64(data.rows), checksum: (0..<data.rows).reduce(0) { $0 &+ data.rowSum($1) })
    func entrant(_ name: String, _ read: @escaping (Notes) async throws -> Tally) -> Race<Int>.Entrant {
      .init(name: name) { count, notes in
        var seen = Tally()
        let sample = try await Sample.timing(count) { seen = try await read(notes) }
        try Self.compare(seen, expected, "\(engine.rawValue) \(name)")
        return sample
      }
    }
    var race = Race<Int>([
      entrant("visit") { try backend.visit(reverse: false, $0) },
      entrant("copies") { _ in try backend.copies() },
      entrant("rows") { _ in try await job.rows() },
      entrant("pages") { _ in try await job.pages() },
    ])
    let passes = max(5, min(50, 1_000_000 / data.rows))
    _ = try await race.run(passes * data.rows, each: data.rows, seconds: settings.secondsPerPass) { _ in data.rows }
    let visit = "visit \(nanoseconds(race, "visit"))"
    report(
      engine, "rows(…), over the backend's visit", race.ratio(of: "rows", to: "visit"), "×", .atMost(1.5),
      "\(nanoseconds(race, "rows")) a row, \(visit)")
    report(
      engine, "rows(…), over a visit that copies each row", race.ratio(of: "rows", to: "copies"), "×", .none,
      "\(nanoseconds(race, "copies")) a row")
    report(
      engine, "rows(…).pages, over the backend's visit", race.ratio(of: "pages", to: "visit"), "×", .atMost(1.5),
      "\(nanoseconds(race, "pages")) a row, \(visit)")
  }

  private func nanoseconds(_ race: Race<Int>, _ name: String) -> String {
    "\(Figure.text((race.microseconds(of: name) ?? 0) * 1000)) ns"
  }
}

extension BackendSubject {
  /// All rows, each in bytes of its own.
  fileprivate func copies() throws -> Tally {
    var tally = Tally()
    try backend.visitRange(category: Settings.category, range: .all, reverse: false) {
      (key, payload) throws(PersistencyError) in
      tally.take(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)))
      return .next
    }
    return tally
  }
}

extension JobSubject {
  /// All rows, one by one.
  func rows() async throws -> Tally {
    var tally = Tally()
    for try await row in job.rows(category: Settings.category) { tally.take(row) }
    return tally
  }

  /// All rows, by the page.
  func pages() async throws -> Tally {
    var tally = Tally()
    for try await page in job.rows(category: Settings.category).pages {
      page.visit { key, payload in
        tally.take(key, payload)
        return .next
      }
    }
    return tally
  }
}
