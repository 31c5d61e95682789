import PersistencyCore
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ConformanceCheck {
  /// R: ranges that do not fit into memory, and those who must not wait for them.
  static let jobRanges: [ConformanceCheck] =
    [(ConformanceTier.core, 50_000), (.heavy, 2_000_000)].flatMap { tier, rows in
      [false, true].map { reverse in
        ofJobs(
          "ranges.stream-\(rows)" + (reverse ? "-reverse" : ""),
          "rows, visit and count give \(rows) rows\(reverse ? ", backward," : "") while gets and another job go on"
            + (tier == .heavy ? ", in less than 50 MB" : ""),
          paragraph: "6", tier: tier
        ) { check in
          try await check.withJobs { jobs in
            let job = try await jobs.openJob("long", options: check.quickest)
            let other = try await jobs.openJob("other", options: check.quickest)
            try await fill(job, rows)
            // What the engine keeps of the rows it has read is its cache, not the call's.
            try check.expectEqual(try await job.count(category: "c"), rows, "the count")
            try await visitAll(job, rows, reverse, check)
            let memory = AnonymousMemory()
            let isDone = Atomic<Bool>(false)
            try await check.inTasks(3) { task in
              if task == 0 {
                defer { isDone.store(true, ordering: .releasing) }
                try await stream(job, rows, reverse, check, memory)
                try await visitAll(job, rows, reverse, check)
                memory.look()
                try check.expectEqual(try await job.count(category: "c"), rows, "the count")
                memory.look()
              }
              var step = 0
              while task > 0, !isDone.load(ordering: .acquiring) {
                await Task.yield()
                step += 1
                if task == 1 {
                  let number = step &* 7_919 % rows
                  let found = try await job.get(category: "c", key: Key(UInt64(number)))
                  try check.expectEqual(found, payload(number), "a get beside the stream")
                } else {
                  try await other.apply([.set("a", "\(step)")])
                  try check.expectEqual(try await other.text("a"), "\(step)", "a row of the other job")
                }
              }
            }
            // Other checks run in this process in the other tiers, and their memory cannot be told apart.
            if tier == .heavy, let grown = memory.grown {
              try check.expect(grown < 50 << 20, "\(grown >> 20) MiB of anonymous memory more")
            }
          }
        }
      }
    }

  private static func payload(_ number: Int) -> [UInt8] { Array("row \(number)".utf8) }

  private static func fill(_ job: Job, _ rows: Int) async throws {
    for start in stride(from: 0, to: rows, by: 1_000) {
      try await job.persist(
        (start..<min(rows, start + 1_000)).map {
          .put(category: "c", key: Key(UInt64($0)), payload: payload($0))
        })
    }
    try await job.flush()
  }

  private static func stream(
    _ job: Job, _ rows: Int, _ reverse: Bool, _ check: CheckContext, _ memory: AnonymousMemory
  ) async throws {
    var seen = 0
    for try await row in job.rows(category: "c", reverse: reverse) {
      let number = reverse ? rows - 1 - seen : seen
      if row.key != Key(UInt64(number)) || row.payload.count < 5 { throw check.failure("row \(seen) is \(row.key)") }
      seen += 1
      if seen % 10_000 == 0 { memory.look() }
    }
    try check.expectEqual(seen, rows, "the rows streamed")
  }

  private static func visitAll(_ job: Job, _ rows: Int, _ reverse: Bool, _ check: CheckContext) async throws {
    var seen = 0
    try await job.visit(category: "c", reverse: reverse) { _, _ in
      seen += 1
      return .next
    }
    try check.expectEqual(seen, rows, "the rows visited")
  }
}

/// How much the anonymous memory of this process grew, at most, since it was first looked at.
private final class AnonymousMemory: Sendable {
  private let first: Int?
  private let most = Atomic<Int>(0)

  init() { first = Self.bytes }

  func look() { most.max(Self.bytes ?? 0, ordering: .relaxed) }

  /// Nil where the system does not say.
  var grown: Int? { first.map { most.load(ordering: .relaxed) - $0 } }

  private static var bytes: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") }),
      let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return kibibytes << 10
  }
}
