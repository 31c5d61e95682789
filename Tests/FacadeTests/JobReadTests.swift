import TestSupport
import Testing

@testable import PersistencyCore

@Suite("Reads through a job")
struct JobReadTests {
  private func fill(_ job: Job, rows: Int) async throws {
    for start in stride(from: 0, to: rows, by: 500) {
      try await job.persist(
        (start..<min(start + 500, rows)).map {
          .put(category: "c", key: Key("k", $0), payload: [UInt8](repeating: UInt8($0 % 256), count: 20))
        })
    }
  }

  @Test("scan gives short and long ranges, both ways, with limits", arguments: Engine.every)
  func scans(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      try await fill(job, rows: 2_000)
      let all = try await job.scan(category: "c")
      #expect(all.count == 2_000 && all.map(\.key) == all.map(\.key).sorted())
      #expect(try await job.scan(category: "c", reverse: true) == all.reversed())
      #expect(try await job.scan(category: "c", limit: 0) == [])
      #expect(try await job.scan(category: "c", reverse: true, limit: 3) == Array(all.reversed().prefix(3)))
      #expect(try await job.scan(category: "c", limit: 1_500) == Array(all.prefix(1_500)))
      #expect(try await job.scanPrefix(category: "c", prefix: Key("k", 7)) == [all[7]])
      #expect(try await job.scanPrefix(category: "c", prefix: Key()).count == 2_000)
      #expect(try await job.keys(category: "c", limit: 5) == all.prefix(5).map(\.key))
      #expect(try await job.count(category: "c", range: KeyRange(start: Key("k", 10), stop: Key("k", 20))) == 10)
    }
  }

  @Test("keys and counts of long ranges are those of the scan, and no keys ask for nothing", arguments: Engine.every)
  func long(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      try await fill(job, rows: 12_000)
      let keys = (0..<12_000).map { Key("k", $0) }
      #expect(try await job.keys(category: "c") == keys)
      #expect(try await job.keys(category: "c", reverse: true, limit: 9_000) == Array(keys.reversed().prefix(9_000)))
      #expect(try await job.count(category: "c") == 12_000)
      #expect(try await job.count(category: "c", range: KeyRange(start: keys[1], stop: keys[11_001])) == 11_000)
      #expect(try await job.get(category: "c", keys: []) == [])
    }
  }

  @Test("rows streams everything once, in order, both ways", arguments: Engine.every)
  func rows(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      try await fill(job, rows: 2_500)
      try await job.put(category: "c", key: Key(), payload: [9])
      let all = try await job.scan(category: "c")
      for reverse in [false, true] {
        var found: [KvRow] = []
        for try await row in job.rows(category: "c", reverse: reverse) { found.append(row) }
        #expect(found == (reverse ? all.reversed() : all))
      }
    }
  }

  @Test("pages give everything once, and one that is kept stays as it was", arguments: Engine.every)
  func pages(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      try await fill(job, rows: 9_000)
      // Larger than a page; what comes after it has pages of the usual size again.
      let large = KvRow(key: Key("k", 4_500, 1), payload: [UInt8](repeating: 7, count: 700_000))
      try await job.put(category: "c", key: large.key, payload: large.payload)
      let all = try await job.scan(category: "c")
      for reverse in [false, true] {
        for keptOf in [1, 2, 3, 1_000] {
          var kept: [(page: RowPage, from: Int)] = []
          var found: [KvRow] = []
          var pages = 0
          for try await page in job.rows(category: "c", reverse: reverse).pages {
            #expect(page.count <= 1_000 && page.count > 0)
            if pages % keptOf == 0 { kept.append((page, found.count)) }
            pages += 1
            // Read where others let go of it last.
            found += await Task { (0..<page.count).map { page[$0] } }.value
          }
          let wanted: [KvRow] = reverse ? all.reversed() : all
          #expect(found == wanted && pages > 9)
          for (page, from) in kept {
            #expect((0..<page.count).map { page[$0] } == Array(wanted[from..<from + page.count]))
          }
        }
      }
    }
  }

  @Test("a page's memory is used again when nobody has the page any more", arguments: Engine.every)
  func pageMemory(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      try await fill(job, rows: 9_000)
      /// How many pages there were, and how many had the memory of the one before.
      func pages(keeping: Bool) async throws -> (count: Int, reused: Int) {
        var kept: [RowPage] = []
        var (count, reused) = (0, 0)
        weak var last: RowPage.Block?
        for try await page in job.rows(category: "c").pages {
          if let last, last === page.block { reused += 1 }
          last = page.block
          count += 1
          if keeping { kept.append(page) }
        }
        return withExtendedLifetime(kept) { (count, reused) }
      }
      // Pages have three sizes, however fast they are read: new memory three times at most.
      let (count, reused) = try await pages(keeping: false)
      #expect(count > 8 && reused >= count - 3)
      #expect(try await pages(keeping: true).reused == 0)
    }
  }

  @Test("regression: rows and paging go on past a key of the greatest length", arguments: Engine.every)
  func longestKeys(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      let longest = (0..<6).map { Key(rawBytes: [UInt8](repeating: 0x61, count: 65_534) + [UInt8($0 * 51)]) }
      let last = Key(rawBytes: [UInt8](repeating: 0xFF, count: 65_535))
      for key in longest + [Key(rawBytes: [0x62]), last] {
        try await job.persistPut(category: "c", key: key, payload: [])
      }
      let all = try await job.keys(category: "c")
      #expect(all == longest + [Key(rawBytes: [0x62]), last])
      for reverse in [false, true] {
        var found: [Key] = []
        for try await row in job.rows(category: "c", reverse: reverse) { found.append(row.key) }
        #expect(found == (reverse ? all.reversed() : all))
      }
      var paged: [Key] = []
      var range = KeyRange.all
      while let row = try await job.scan(category: "c", range: range, limit: 1).first {
        paged.append(row.key)
        range = range.after(row.key)
      }
      #expect(paged == all)
    }
  }

  @Test("rows gives every row untouched meanwhile, and none twice", arguments: Engine.every)
  func rowsBesideWrites(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      try await fill(job, rows: 3_000)
      var found: [Int] = []
      for try await row in job.rows(category: "c") {
        let number = try row.key.decode(String.self, Int.self).1
        if number % 100 == 0 { try await job.persistDelete(category: "c", key: Key("k", number + 1)) }
        found.append(number)
      }
      #expect(found == Set(found).sorted())
      #expect(Set(found).isSuperset(of: (0..<3_000).filter { $0 % 100 != 1 }))
    }
  }

  @Test("get(keys:) reads one state while a writer moves a pair", arguments: Engine.every)
  func multiGet(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      let keys = [Key("a"), Key("b"), Key("missing")]
      try await job.apply(keys.prefix(2).map { .put(category: "c", key: $0, payload: [0]) })
      let writer = Task {
        for round in 0..<300 {
          try await job.apply(keys.prefix(2).map { .put(category: "c", key: $0, payload: [UInt8(round % 256)]) })
        }
      }
      for _ in 0..<300 {
        let found = try await job.get(category: "c", keys: keys)
        #expect(found.count == 3 && found[0] != nil && found[0] == found[1] && found[2] == nil)
      }
      try await writer.value
    }
  }

  @Test("visit lends the rows, stops early, and carries the visitor's own error out", arguments: Engine.every)
  func visits(_ engine: Engine) async throws {
    struct Mine: Error {}
    try await withJob(on: engine) { job in
      try await fill(job, rows: 10)
      var keys: [Key] = []
      try await job.visit(category: "c") { key, payload in
        #expect(payload.byteCount == 20)
        keys.append(Key(copying: key))
        return keys.count == 4 ? .stop : .next
      }
      #expect(keys == (0..<4).map { Key("k", $0) })
      await #expect(throws: Mine.self) { try await job.visit(category: "c") { _, _ in throw Mine() } }
      var count = 0
      try await job.visitAll { category, _, _ in
        #expect([UInt8](copying: category) == Array("c".utf8))
        count += 1
        return .next
      }
      #expect(count == 10)
      #expect(try await job.categories() == ["c"])
    }
  }

  @Test("a thousand concurrent gets succeed", arguments: Engine.every)
  func concurrentGets(_ engine: Engine) async throws {
    try await withJob(on: engine) { job in
      try await fill(job, rows: 100)
      let found = try await withThrowingTaskGroup(of: Bool.self) { group in
        for task in 0..<1_000 {
          group.addTask { try await job.get(category: "c", key: Key("k", task % 100)) != nil }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(found == 1_000)
    }
  }

  @Test("readsOffCallerThread changes where reads run, not what they see", arguments: Engine.every)
  func offCallerThread(_ engine: Engine) async throws {
    try await withJob(on: engine, JobOptions(readsOffCallerThread: true)) { job in
      try await job.persistPut(category: "c", key: Key("a"), payload: [1])
      #expect(try await job.get(category: "c", key: Key("a")) == [1])
      #expect(try await job.scan(category: "c", limit: 1).count == 1)
    }
  }
}
