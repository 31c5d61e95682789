import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// L: readers beside a writer.
  static let readers: [ConformanceCheck] = [
    ConformanceCheck(
      "concurrency.never-torn", "A payload that many threads write and read is always one of those written, whole",
      paragraph: "4.12", tier: .concurrency
    ) { check in
      let store = try check.open([.put(category: "c", key: Key(plain: "k"), payload: checked(0, size: 10))])
      let isDone = Atomic<Int>(0)
      try check.concurrently(6) { index in
        if index < 3 {
          defer { isDone.add(1, ordering: .releasing) }
          for round in 0..<80 {
            let size = [1, 100, 5_000, 40_000][(round + index) % 4]
            try store.applyOps([
              .put(category: "c", key: Key(plain: "k"), payload: checked(UInt8(index * 80 + round & 0x3F), size: size))
            ])
          }
          return
        }
        var reads = 0
        while reads < 20 || isDone.load(ordering: .acquiring) < 3 {
          reads += 1
          let payload: [UInt8]?
          if index == 3 {
            payload = try store.getOne(category: "c", key: Key(plain: "k"))
          } else if index == 4 {
            payload = try store.scanRange(category: "c", range: .all).first?.payload
          } else {
            var seen: [UInt8]?
            try store.visit(category: "c") { _, bytes in
              seen = [UInt8](copying: bytes)
              return .next
            }
            payload = seen
          }
          try check.expect(payload.map(isWhole) ?? false, "a torn payload of \(payload?.count ?? -1) bytes")
        }
      }
    },
    ConformanceCheck(
      "concurrency.sum-stays", "Transfers between accounts leave every reader the same sum", paragraph: "4.7",
      tier: .concurrency
    ) { check in
      let accounts = 20
      let store = try check.open((0..<accounts).map { .set(numbered($0), "100") })
      let seed = check.seed
      let generator = Locked(SeededGenerator(seed: seed))
      try watch(
        check,
        write: { _ in
          let (from, to, sum) = generator.withLock { generator in
            (
              Int.random(in: 0..<accounts, using: &generator), Int.random(in: 0..<accounts, using: &generator),
              Int.random(in: 1...50, using: &generator)
            )
          }
          if from == to { return }
          let old = (Int(try store.text(numbered(from)) ?? "") ?? 0, Int(try store.text(numbered(to)) ?? "") ?? 0)
          try store.applyOps([.set(numbered(from), "\(old.0 - sum)"), .set(numbered(to), "\(old.1 + sum)")])
        },
        read: {
          let balances = try store.texts().map { Int($0.split(separator: "=")[1]) ?? 0 }
          try check.expectEqual(balances.count, accounts, "the number of accounts")
          try check.expectEqual(balances.reduce(0, +), accounts * 100, "the sum")
        })
    },
    ConformanceCheck(
      "concurrency.no-going-back", "One reader never reads an older payload after a newer one", paragraph: "4.12",
      tier: .concurrency
    ) { check in
      let store = try check.open([.set("n", "0")])
      let last = Locked<[UInt: Int]>([:])
      let isDone = Atomic<Bool>(false)
      try check.concurrently(4) { index in
        if index == 0 {
          defer { isDone.store(true, ordering: .releasing) }
          for round in 1...200 { try store.applyOps([.set("n", "\(round)")]) }
          return
        }
        var newest = 0
        var reads = 0
        while reads < 20 || !isDone.load(ordering: .acquiring) {
          reads += 1
          let text =
            index == 1
            ? try store.text("n")
            : try store.texts(reverse: index == 2).first?.split(separator: "=").last.map { String($0) }
          let round = Int(text ?? "") ?? -1
          try check.expect(round >= newest, "read \(round) after \(newest)")
          newest = round
        }
        let seen = newest
        last.withLock { $0[UInt(index)] = seen }
      }
      try check.expectEqual(last.withLock { $0.count }, 3, "the readers that came to their end")
      try check.expectEqual(try store.text("n"), "200", "the last payload")
    },
    ConformanceCheck(
      "concurrency.writes-in-order",
      "A scan sees one client's writes in their order: never a later one without an earlier",
      paragraph: "4.7", tier: .concurrency
    ) { check in
      let store = try check.open()
      try watch(
        check, rounds: 200,
        write: { round in try store.applyOps([.set(numbered(round), "1")]) },
        read: {
          let keys = try store.texts()
          try check.expectEqual(keys, (0..<keys.count).map { "\(numbered($0 + 1))=1" }, "the rows seen")
        })
      try check.expectEqual(try store.countRange(category: "c", range: .all), 200, "the rows at last")
    },
    ConformanceCheck(
      "concurrency.range-goes-whole", "A reader sees all rows of a delete-range or none of them", paragraph: "4.7",
      tier: .concurrency
    ) { check in
      let keys = (0..<60).map { numbered($0) }
      let store = try check.open(keys.map { .set($0, "1") })
      try watch(
        check,
        write: { round in try store.applyOps(round % 2 == 1 ? [.clear("000010", "000050")] : keys.map { .set($0, "1") })
        },
        read: {
          for found in [try store.countRange(category: "c", range: .all), try store.texts(reverse: true).count] {
            try check.expect(found == 60 || found == 20, "\(found) rows, neither 60 nor 20")
          }
        })
    },
    ConformanceCheck(
      "concurrency.own-writes", "A thread reads its own write at once, whatever other threads write", paragraph: "4.12",
      tier: .concurrency
    ) { check in
      let store = try check.open()
      try check.concurrently(4) { index in
        let name = "thread \(index)"
        for round in 0..<60 {
          try store.applyOps([.set("n", "\(round)", in: name)])
          try check.expectEqual(try store.text("n", in: name), "\(round)", "the row just put")
          try check.expectEqual(try store.texts(name), ["n=\(round)"], "the scan just after")
          if round % 10 == 9 {
            try check.expect(try store.deleteOne(category: name, key: Key(plain: "n")), "the row was gone already")
            try check.expectEqual(try store.text("n", in: name), nil, "the row just deleted")
          }
        }
      }
    },
    ConformanceCheck(
      "concurrency.hundred-fifty-readers", "A hundred and fifty threads may be inside visits at the same moment",
      paragraph: "4.12", tier: .concurrency
    ) { check in
      let store = try check.open([.set("a", "1"), .set("b", "2")])
      let count = 150
      let inside = Gathering(count)
      let seen = Atomic<Int>(0)
      try check.concurrently(count) { _ in
        var isFirst = true
        try store.visit(category: "c") { _, _ in
          if isFirst { try inside.arrive() }
          isFirst = false
          seen.add(1, ordering: .relaxed)
          return .next
        }
      }
      try check.expectEqual(seen.load(ordering: .relaxed), 2 * count, "the rows visited")
      try store.applyOps([.set("c", "3")])
      try check.expectStore(store, ["a=1", "b=2", "c=3"], "the store after the crowd")
    },
    ConformanceCheck(
      "concurrency.readers-do-not-starve-writer", "A writer gets its turn among readers that never pause",
      paragraph: "4.7", tier: .concurrency
    ) { check in
      let store = try check.open((0..<500).map { .set(numbered($0), "1") })
      let isDone = Atomic<Bool>(false)
      try check.concurrently(4, within: 60) { index in
        if index == 0 {
          defer { isDone.store(true, ordering: .releasing) }
          for round in 0..<50 { try store.applyOps([.set("w", "\(round)", in: "w")]) }
        } else {
          while !isDone.load(ordering: .acquiring) { _ = try store.countRange(category: "c", range: .all) }
        }
      }
      try check.expectEqual(try store.text("w", in: "w"), "49", "the last write")
    },
    ConformanceCheck(
      "concurrency.writers-do-not-starve-reader", "A reader gets its turn among writers that never pause",
      paragraph: "4.7", tier: .concurrency
    ) { check in
      let store = try check.open((0..<500).map { .set(numbered($0), "1") })
      let isDone = Atomic<Bool>(false)
      try check.concurrently(4, within: 60) { index in
        if index == 0 {
          defer { isDone.store(true, ordering: .releasing) }
          for _ in 0..<50 {
            try check.expectEqual(try store.countRange(category: "c", range: .all), 500, "the count")
          }
        } else {
          var round = 0
          while !isDone.load(ordering: .acquiring) {
            round += 1
            try store.applyOps([.set("w\(index)", "\(round)", in: "w")])
          }
        }
      }
    },
    ConformanceCheck(
      "concurrency.categories-stay-listed", "A list of categories beside a writer has all that stay, in order",
      paragraph: "4.12", tier: .concurrency
    ) { check in
      let stable = (0..<10).map { "stable \($0)" }
      let store = try check.open(stable.map { .set("k", "1", in: $0) })
      try watch(
        check,
        write: { round in
          try store.applyOps([
            .set("k", "1", in: "passing \(round)"), .clear(in: "passing \(round - 3)"),
            .set("k", "\(round)", in: "stable 5"),
          ])
        },
        read: {
          let found = try store.categories()
          try check.expectEqual(found.filter { $0.hasPrefix("stable") }, stable, "the categories that stay")
          try check.expectEqual(found, found.sorted { Key(plain: $0) < Key(plain: $1) }, "the categories in order")
          try check.expectEqual(Set(found).count, found.count, "the number of different categories")
        })
    },
  ]

  /// A payload that tells whether it is whole: every byte is the first one, but for the last, which is the sum.
  private static func checked(_ byte: UInt8, size: Int) -> [UInt8] {
    let body = [UInt8](repeating: byte, count: size)
    return body + [UInt8(truncatingIfNeeded: Int(byte) &* size), UInt8(truncatingIfNeeded: size >> 4)]
  }

  private static func isWhole(_ payload: [UInt8]) -> Bool {
    guard let first = payload.first, payload.count > 2 else { return false }
    return payload == checked(first, size: payload.count - 2)
  }
}
