import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension CheckContext {
  /// A fresh store with the rows in one category, put in an order drawn from the seed.
  func open(_ rows: Rows, category: String = "c") throws -> any KvBackend {
    let store = try open()
    try fill(store, rows, category: category)
    return store
  }

  func fill(_ store: any KvBackend, _ rows: Rows, category: String) throws {
    var generator = SeededGenerator(seed: seed)
    try store.put(rows.list.shuffled(using: &generator), category: category)
  }

  /// Sizes in bytes, none over the fixture's limit, which is one of them.
  func clamped(_ sizes: [Int], to limit: Int) -> [Int] {
    Array(Set(sizes.map { min($0, limit) })).sorted()
  }

  /// The processor time of this thread that `body` takes: other threads' work does not blur it.
  func threadSeconds(_ body: () throws -> Void) throws -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    try body()
    return now() - start
  }

  // MARK: Expectations of rows

  func expectRows(
    _ found: [KvRow], _ wanted: [KvRow], _ what: @autoclosure () -> String = "the scan", file: String = #fileID,
    line: Int = #line
  ) throws {
    for (place, (row, want)) in zip(found, wanted).enumerated() {
      if !row.key.bytes.isSame(as: want.key.bytes) {
        throw failure(
          "\(what()) gives \(found.count) rows, wanted \(wanted.count); "
            + "row \(place) has key \(row.key.bytes.shown), not \(want.key.bytes.shown)", file: file, line: line)
      }
      if !row.payload.isSame(as: want.payload) {
        throw failure(
          "\(what()) gives key \(row.key.bytes.shown) with payload \(row.payload.shown), not \(want.payload.shown)",
          file: file, line: line)
      }
    }
    if found.count != wanted.count {
      let (more, whose) = found.count > wanted.count ? (found, "too many") : (wanted, "missing")
      throw failure(
        "\(what()) gives \(found.count) rows, not \(wanted.count); the first one \(whose) is "
          + more[min(found.count, wanted.count)].key.bytes.shown, file: file, line: line)
    }
  }

  func expectPayload(
    _ found: [UInt8]?, _ wanted: [UInt8]?, _ what: @autoclosure () -> String = "the payload",
    file: String = #fileID, line: Int = #line
  ) throws {
    switch (found, wanted) {
    case (nil, nil): return
    case (let found?, let wanted?) where found.isSame(as: wanted): return
    default:
      throw failure(
        "\(what()) is \(found?.shown ?? "missing"), not \(wanted?.shown ?? "missing")", file: file, line: line)
    }
  }

  /// Reads a range in every way there is, and expects these rows each time.
  func expectEveryRead(
    _ store: any KvBackend, _ category: String, _ range: KeyRange, _ wanted: [KvRow],
    _ what: @autoclosure () -> String = "the range", file: String = #fileID, line: Int = #line
  ) throws {
    let scan = try store.scanRange(category: category, range: range)
    try expectRows(scan, wanted, "\(what()): the scan", file: file, line: line)
    let back = try store.scanRange(category: category, range: range, reverse: true)
    try expectRows(back, wanted.reversed(), "\(what()): the reverse scan", file: file, line: line)
    let count = try store.countRange(category: category, range: range)
    try expectEqual(count, wanted.count, "\(what()): the count", file: file, line: line)
    let visit = try store.visited(category, range)
    try expectRows(visit, wanted, "\(what()): the visit", file: file, line: line)
    let backwards = try store.visited(category, range, reverse: true)
    try expectRows(backwards, wanted.reversed(), "\(what()): the reverse visit", file: file, line: line)
  }

  /// Reads a whole category in every way there is, and expects these rows each time.
  func expectEveryRead(
    _ store: any KvBackend, _ category: String, _ wanted: [KvRow], _ what: @autoclosure () -> String = "all keys",
    file: String = #fileID, line: Int = #line
  ) throws {
    try expectEveryRead(store, category, .all, wanted, what(), file: file, line: line)
  }

  /// Gets every row by its key, and expects it there.
  func expectEachRow(
    _ store: any KvBackend, _ category: String, _ rows: [KvRow], file: String = #fileID, line: Int = #line
  ) throws {
    for row in rows {
      let found = try store.getOne(category: category, key: row.key)
      try expectPayload(
        found, row.payload, "the payload of \(row.key.bytes.shown)", file: file, line: line)
      let exists = try store.existsOne(category: category, key: row.key)
      try expect(exists, "\(row.key.bytes.shown) has a payload but does not exist", file: file, line: line)
    }
  }

  /// Gets every row by its key, and expects none of them there.
  func expectNoneOf(
    _ store: any KvBackend, _ category: String, _ rows: [KvRow], file: String = #fileID, line: Int = #line
  ) throws {
    for row in rows {
      let found = try store.getOne(category: category, key: row.key)
      try expectPayload(found, nil, "the payload of \(row.key.bytes.shown)", file: file, line: line)
      let exists = try store.existsOne(category: category, key: row.key)
      try expect(!exists, "\(row.key.bytes.shown) still exists", file: file, line: line)
    }
  }

  /// Expects that the store holds nothing at all, by every read.
  func expectEmpty(
    _ store: any KvBackend, _ category: String = "c", file: String = #fileID, line: Int = #line
  ) throws {
    try expectEveryRead(store, category, [], "the empty category", file: file, line: line)
    try expectEqual(try store.visitedAll().count, 0, "the number of rows in the store", file: file, line: line)
    try expectEqual(try store.categories(), [], "the list of categories", file: file, line: line)
  }
}
