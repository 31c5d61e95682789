import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// L: threads at the same rows for so long that a race shows, by itself or to a sanitizer.
  static let longRaces: [ConformanceCheck] =
    [(ConformanceTier.concurrency, 25_000), (.heavy, 200_000)].flatMap { tier, steps in
      [
        ConformanceCheck(
          "concurrency.never-torn-\(steps)",
          "In 4 × \(steps) steps no thread reads a payload that is torn, at a key that all write", paragraph: "4.12",
          tier: tier
        ) { check in
          let store = try check.open(
            (0..<8).map { .put(category: "c", key: Key(plain: "\($0)"), payload: sealed($0, 40)) })
          try check.concurrently(4, within: 600) { thread in
            var generator = SeededGenerator(seed: check.seed &+ UInt64(thread))
            for step in 0..<steps {
              let key = Key(plain: "\(Int.random(in: 0..<8, using: &generator))")
              if step % 200 == thread {
                let size = Int.random(in: 20..<600, using: &generator)
                try store.applyOps([.put(category: "c", key: key, payload: sealed(step, size))])
              } else if let found = try store.getOne(category: "c", key: key) {
                if !isSealed(found) { throw check.failure("a torn payload of \(found.count) bytes at step \(step)") }
              } else {
                throw check.failure("a row that is never deleted is missing at step \(step)")
              }
            }
          }
        },
        ConformanceCheck(
          "concurrency.sum-stays-\(steps)", "In 4 × \(steps) steps no transfer batch changes the sum that readers see",
          paragraph: "4.3", tier: tier
        ) { check in
          let accounts = 10
          let store = try check.open((0..<accounts).map { .set("\($0)", "1000") })
          try check.concurrently(4, within: 600) { thread in
            var generator = SeededGenerator(seed: check.seed &+ UInt64(thread))
            for step in 0..<(steps / accounts) {
              if step % 40 == thread {
                try move(in: store, accounts, &generator)
                continue
              }
              // Ten rows a visit: a step each.
              var (sum, rows) = (0, 0)
              try store.visit(category: "c") { _, payload in
                rows += 1
                sum += Int(String(decoding: [UInt8](copying: payload), as: UTF8.self)) ?? 0
                return .next
              }
              if sum != accounts * 1_000 || rows != accounts { throw check.failure("\(rows) rows with the sum \(sum)") }
            }
          }
        },
      ]
    }

  /// Moves an amount as a conditional batch; one that came too late is let go.
  private static func move(
    in store: any KvBackend, _ accounts: Int, _ generator: inout SeededGenerator
  ) throws {
    let from = Int.random(in: 0..<accounts, using: &generator)
    let to = (from + Int.random(in: 1..<accounts, using: &generator)) % accounts
    let amount = Int.random(in: 1...5, using: &generator)
    let old = try [from, to].map { Int(try store.text("\($0)") ?? "") ?? 0 }
    do throws(PersistencyError) {
      try store.applyOps([
        .require("\(from)", "\(old[0])"), .require("\(to)", "\(old[1])"), .set("\(from)", "\(old[0] - amount)"),
        .set("\(to)", "\(old[1] + amount)"),
      ])
    } catch {
      if error.kind != .conflict { throw error }
    }
  }

  /// `size` bytes that depend on `seed`, and their sum behind them.
  private static func sealed(_ seed: Int, _ size: Int) -> [UInt8] {
    var sum: UInt8 = 0
    var bytes = (0..<size).map { place in
      let byte = UInt8(truncatingIfNeeded: seed &* 31 &+ place)
      sum = sum &* 3 &+ byte
      return byte
    }
    bytes.append(sum)
    return bytes
  }

  private static func isSealed(_ payload: [UInt8]) -> Bool {
    var sum: UInt8 = 0
    for byte in payload.dropLast() { sum = sum &* 3 &+ byte }
    return payload.count > 1 && payload.last == sum
  }
}
